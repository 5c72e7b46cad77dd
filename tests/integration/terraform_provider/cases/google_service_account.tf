# imports: [projects/rehearsal-project/serviceAccounts/rehearsal@rehearsal-project.iam.gserviceaccount.com, rehearsal-project/rehearsal@rehearsal-project.iam.gserviceaccount.com, rehearsal@rehearsal-project.iam.gserviceaccount.com]
# not_imported: [create_ignore_already_exists]
# drift: {PATCH: "v1/projects/rehearsal-project/serviceAccounts/rehearsal@rehearsal-project.iam.gserviceaccount.com", host: iam.googleapis.com, body: {serviceAccount: {displayName: by hand}, updateMask: displayName}}
# slow: true

resource "google_service_account" "it" {
  account_id   = local.replaced ? "replaced" : "rehearsal"
  display_name = local.updated ? "another" : "one"
  description  = "of the rehearsal"
  disabled     = local.updated
}
