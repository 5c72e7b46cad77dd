# imports: [rehearsal-project/texttospeech.googleapis.com]
# not_imported: [disable_on_destroy, disable_dependent_services]
# unchangeable: true

resource "google_project_service" "it" {
  service            = local.replaced ? "translate.googleapis.com" : "texttospeech.googleapis.com"
  disable_on_destroy = true
}

resource "google_project_service" "others" {
  for_each           = toset(["cloudkms.googleapis.com", "run.googleapis.com", "workflows.googleapis.com"])
  service            = each.key
  disable_on_destroy = true
}
