# imports: [projects/rehearsal-project/locations/us-central1/keyRings/it, rehearsal-project/us-central1/it, us-central1/it]
# unchangeable: true

resource "google_kms_key_ring" "it" {
  name     = local.replaced ? "that" : "it"
  location = "us-central1"
}
