# imports: [projects/rehearsal-project/secrets/secret roles/secretmanager.secretAccessor serviceAccount:rehearsal@rehearsal-project.iam.gserviceaccount.com, secret roles/secretmanager.secretAccessor serviceAccount:rehearsal@rehearsal-project.iam.gserviceaccount.com]
# unchangeable: true

resource "google_secret_manager_secret" "secret" {
  secret_id = "secret"

  replication {
    auto {}
  }
}

resource "google_service_account" "it" {
  account_id = "rehearsal"
}

resource "google_secret_manager_secret_iam_member" "it" {
  secret_id = google_secret_manager_secret.secret.id
  role      = local.replaced ? "roles/secretmanager.viewer" : "roles/secretmanager.secretAccessor"
  member    = google_service_account.it.member
}
