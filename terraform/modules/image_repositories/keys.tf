# Artifact Registry encrypts as its own account in the project, which bootstrap makes sure of.
resource "google_kms_crypto_key_iam_member" "agent" {
  for_each = toset([for repository in values(var.repositories) : repository.kms_key_id])

  crypto_key_id = each.value
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:service-${var.project_number}@gcp-sa-artifactregistry.iam.gserviceaccount.com"
}
