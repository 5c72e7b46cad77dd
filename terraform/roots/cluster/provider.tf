provider "google" {
  # managed-by says who made a thing; Terraform's own label for that is not wanted beside it.
  add_terraform_attribution_label = false

  # Calls are billed to the project itself, not to the caller's: Cloud Billing Budgets and Cloud Quotas insist on it.
  billing_project       = var.project_id
  user_project_override = true

  default_labels = merge(var.labels, { root = "cluster" })
  poll_interval  = var.poll_interval
  project        = var.project_id
  region         = var.region
}
