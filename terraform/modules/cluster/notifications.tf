# Upgrades and security bulletins, as they are announced.
resource "google_pubsub_topic" "notifications" {
  #checkov:skip=CKV_GCP_83:Announcements of Google's about versions hold nothing of anybody's; Google's key encrypts them.
  name                       = "${var.name}-cluster-notifications"
  project                    = var.project_id
  deletion_policy            = var.deletion_policy
  message_retention_duration = "604800s"

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}
