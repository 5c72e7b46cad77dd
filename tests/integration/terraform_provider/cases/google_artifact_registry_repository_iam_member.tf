# imports: ["projects/rehearsal-project/locations/us-central1/repositories/images roles/artifactregistry.reader serviceAccount:rehearsal@rehearsal-project.iam.gserviceaccount.com", "us-central1/images roles/artifactregistry.reader serviceAccount:rehearsal@rehearsal-project.iam.gserviceaccount.com"]
# unchangeable: true

resource "google_artifact_registry_repository" "images" {
  repository_id = "images"
  location      = "us-central1"
  format        = "DOCKER"
}

resource "google_service_account" "it" {
  account_id = "rehearsal"
}

resource "google_artifact_registry_repository_iam_member" "it" {
  repository = google_artifact_registry_repository.images.name
  location   = google_artifact_registry_repository.images.location
  role       = local.replaced ? "roles/artifactregistry.writer" : "roles/artifactregistry.reader"
  member     = google_service_account.it.member
}
