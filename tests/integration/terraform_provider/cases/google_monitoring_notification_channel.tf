# imports: ["{name}"]
# not_imported: [sensitive_labels, force_delete]

resource "google_monitoring_notification_channel" "it" {
  display_name = local.updated ? "another" : "one"
  description  = "who is called"
  type         = "email"
  labels       = { email_address = local.updated ? "b@crm.test" : "a@crm.test" }
  user_labels  = { team = "crm" }
}

resource "google_monitoring_notification_channel" "secret" {
  display_name = "paged"
  type         = "pagerduty"
  force_delete = true

  sensitive_labels {
    service_key_wo         = "0123456789abcdef0123456789abcdef"
    service_key_wo_version = local.updated ? "2" : "1"
  }
}
