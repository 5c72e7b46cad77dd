provider "google" {
  # Calls are billed to the project itself, not to the caller's: Cloud Billing Budgets and Cloud Quotas insist on it.
  billing_project       = var.project_id
  default_labels        = merge(var.labels, { root = "foundation" })
  deletion_policy       = var.protect ? "PREVENT" : "DELETE"
  project               = var.project_id
  region                = var.region
  user_project_override = true
}
