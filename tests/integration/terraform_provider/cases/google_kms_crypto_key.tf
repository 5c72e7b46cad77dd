# imports: [projects/rehearsal-project/locations/us-central1/keyRings/ring/cryptoKeys/it, rehearsal-project/us-central1/ring/it]
# not_imported: [labels, terraform_labels]
# drift: {PATCH: "v1/projects/rehearsal-project/locations/us-central1/keyRings/ring/cryptoKeys/it?updateMask=rotationPeriod", host: cloudkms.googleapis.com, body: {rotationPeriod: 172800s}}

resource "google_kms_key_ring" "ring" {
  name     = "ring"
  location = "us-central1"
}

resource "google_kms_crypto_key" "it" {
  name                       = local.replaced ? "that" : "it"
  key_ring                   = google_kms_key_ring.ring.id
  rotation_period            = local.updated ? "2592000s" : "7776000s"
  destroy_scheduled_duration = "86400s"
  labels                     = local.updated ? { team = "platform" } : { team = "crm" }
}
