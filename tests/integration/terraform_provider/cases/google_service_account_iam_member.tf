# imports: ["projects/rehearsal-project/serviceAccounts/rehearsal@rehearsal-project.iam.gserviceaccount.com roles/iam.serviceAccountTokenCreator user:it@crm.test"]
# unchangeable: true
# slow: true

resource "google_service_account" "account" {
  account_id = "rehearsal"
}

resource "google_service_account_iam_member" "it" {
  service_account_id = google_service_account.account.name
  role               = local.replaced ? "roles/iam.serviceAccountUser" : "roles/iam.serviceAccountTokenCreator"
  member             = "user:it@crm.test"
}
