# imports: ["b/rehearsal-project-it roles/storage.objectViewer user:it@crm.test", "rehearsal-project-it roles/storage.objectViewer user:it@crm.test"]
# unchangeable: true

resource "google_storage_bucket" "bucket" {
  name     = "rehearsal-project-it"
  location = "US"
}

resource "google_storage_bucket_iam_member" "it" {
  bucket = google_storage_bucket.bucket.name
  role   = local.replaced ? "roles/storage.objectUser" : "roles/storage.objectViewer"
  member = "user:it@crm.test"
}
