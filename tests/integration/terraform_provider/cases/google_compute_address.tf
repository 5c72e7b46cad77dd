# imports: [projects/rehearsal-project/regions/us-central1/addresses/it, rehearsal-project/us-central1/it, us-central1/it, it]
# not_imported: [labels, terraform_labels]

resource "google_compute_address" "it" {
  name         = local.replaced ? "that" : "it"
  region       = "us-central1"
  address_type = "EXTERNAL"
  network_tier = "PREMIUM"
  labels       = local.updated ? { team = "crm", tier = "edge" } : { team = "crm" }
}
