output "email" {
  description = "Address of the service account, once its pods may act as it."
  value       = google_service_account.identity.email
  depends_on = [
    google_project_iam_member.role,
    google_service_account_iam_member.signer,
    google_service_account_iam_member.workload,
  ]
}

output "member" {
  description = "The service account as an IAM member."
  value       = google_service_account.identity.member
}
