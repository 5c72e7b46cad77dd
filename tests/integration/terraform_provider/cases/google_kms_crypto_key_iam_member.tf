# imports: ["projects/rehearsal-project/locations/us-central1/keyRings/ring/cryptoKeys/key roles/cloudkms.cryptoKeyEncrypterDecrypter serviceAccount:rehearsal@rehearsal-project.iam.gserviceaccount.com"]
# unchangeable: true

resource "google_kms_key_ring" "ring" {
  name     = "ring"
  location = "us-central1"
}

resource "google_kms_crypto_key" "key" {
  name     = "key"
  key_ring = google_kms_key_ring.ring.id
}

resource "google_service_account" "it" {
  account_id = "rehearsal"
}

resource "google_kms_crypto_key_iam_member" "it" {
  crypto_key_id = google_kms_crypto_key.key.id
  role          = local.replaced ? "roles/cloudkms.viewer" : "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = google_service_account.it.member
}
