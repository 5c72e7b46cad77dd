resource "google_service_account" "identity" {
  account_id      = var.name
  project         = var.project_id
  display_name    = var.name
  description     = var.description
  deletion_policy = var.deletion_policy
}

resource "google_project_iam_member" "role" {
  for_each = var.project_roles

  project = var.project_id
  role    = each.value
  member  = google_service_account.identity.member
}

# Pods of one Kubernetes service account act as this one, without a key.
resource "google_service_account_iam_member" "workload" {
  service_account_id = google_service_account.identity.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.project_id}.svc.id.goog[${var.kubernetes.namespace}/${var.kubernetes.service_account}]"
}

# A URL is signed by asking Google to sign as the account itself (signBlob), so that no key has to exist.
resource "google_service_account_iam_member" "signer" {
  count = var.signs_urls ? 1 : 0

  service_account_id = google_service_account.identity.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_service_account.identity.member
}
