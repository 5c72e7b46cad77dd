locals {
  topic_id = "projects/${var.project_id}/topics/${var.topic.name}"
}

resource "google_pubsub_topic" "topic" {
  #checkov:skip=CKV_GCP_83:The foundation has no key of its own: budget messages hold amounts, no customer data, and Google's key encrypts them.
  name                       = var.topic.name
  project                    = var.project_id
  deletion_policy            = var.deletion_policy
  message_retention_duration = var.topic.retention

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

# The account that Cloud Billing publishes as:
# https://cloud.google.com/billing/docs/how-to/budgets-programmatic-notifications
resource "google_pubsub_topic_iam_member" "publisher" {
  project = var.project_id
  topic   = google_pubsub_topic.topic.name
  role    = "roles/pubsub.publisher"
  member  = "serviceAccount:billing-budget-alert@system.gserviceaccount.com"
}
