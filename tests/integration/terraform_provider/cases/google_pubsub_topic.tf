# imports: [projects/rehearsal-project/topics/it, rehearsal-project/it, it]
# not_imported: [labels, terraform_labels]
# drift: {PATCH: "v1/projects/rehearsal-project/topics/it", host: pubsub.googleapis.com, body: {topic: {messageRetentionDuration: 7200s}, updateMask: messageRetentionDuration}}

resource "google_pubsub_topic" "it" {
  name                       = local.replaced ? "that" : "it"
  labels                     = local.updated ? { team = "platform" } : { team = "crm" }
  message_retention_duration = local.updated ? "86400s" : "3600s"

  message_storage_policy {
    allowed_persistence_regions = ["us-central1"]
  }
}
