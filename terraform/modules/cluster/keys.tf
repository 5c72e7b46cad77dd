# GKE encrypts Kubernetes Secrets as its own account in the project, which is there since the API was enabled.
resource "google_kms_crypto_key_iam_member" "agent" {
  crypto_key_id = var.kms_key_id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:service-${var.project_number}@container-engine-robot.iam.gserviceaccount.com"
}
