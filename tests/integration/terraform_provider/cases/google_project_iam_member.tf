# imports: ["rehearsal-project roles/viewer user:it@crm.test"]
# unchangeable: true

resource "google_project_iam_member" "it" {
  project = "rehearsal-project"
  role    = local.replaced ? "roles/browser" : "roles/viewer"
  member  = "user:it@crm.test"
}

resource "google_project_iam_member" "conditional" {
  project = "rehearsal-project"
  role    = "roles/viewer"
  member  = "user:it@crm.test"

  condition {
    title      = "until the end"
    expression = "request.time < timestamp(\"2030-01-01T00:00:00Z\")"
  }
}

resource "google_project_iam_member" "many" {
  count   = 5
  project = "rehearsal-project"
  role    = "roles/viewer"
  member  = "user:many-${count.index}@crm.test"
}
