# imports: [projects/rehearsal-project/locations/global/certificateMaps/it, rehearsal-project/it, it]
# not_imported: [labels, terraform_labels]

resource "google_certificate_manager_certificate_map" "it" {
  name        = local.replaced ? "that" : "it"
  description = local.updated ? "changed" : "made"
  labels      = { team = "crm" }
}
