resource "google_monitoring_notification_channel" "email" {
  for_each = var.channels

  project         = var.project_id
  deletion_policy = var.deletion_policy
  display_name    = each.key
  description     = each.value.description
  enabled         = each.value.enabled
  force_delete    = var.force_delete
  type            = "email"
  user_labels     = var.labels

  labels = {
    email_address = each.value.email_address
  }
}
