# imports: [projects/rehearsal-project/subscriptions/it, rehearsal-project/it, it]
# not_imported: [labels, terraform_labels]

resource "google_pubsub_topic" "topic" {
  name = "topic"
}

resource "google_pubsub_subscription" "it" {
  name                 = local.replaced ? "that" : "it"
  topic                = google_pubsub_topic.topic.id
  ack_deadline_seconds = local.updated ? 60 : 20

  expiration_policy {
    ttl = "5184000s"
  }
  dynamic "retry_policy" {
    for_each = local.updated ? ["10s"] : []
    content {
      minimum_backoff = retry_policy.value
    }
  }
}
