# imports: [projects/rehearsal-project/locations/global/quotaPreferences/it]
# not_imported: [ignore_safety_checks, justification, contact_email]
# stays: true

resource "google_cloud_quotas_quota_preference" "it" {
  parent        = "projects/rehearsal-project"
  name          = "it"
  service       = "compute.googleapis.com"
  quota_id      = "CPUS-per-project-region"
  dimensions    = { region = "us-central1" }
  contact_email = "owner@presidential-digs.example"

  # Going back to 100 is more than 10% less.
  ignore_safety_checks = "QUOTA_DECREASE_PERCENTAGE_TOO_HIGH"

  quota_config {
    preferred_value = local.updated ? "150" : "100"
  }
}
