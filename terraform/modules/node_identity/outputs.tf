output "email" {
  description = "Address of the service account, once it may do what a node does."
  value       = google_service_account.nodes.email
  depends_on = [
    google_artifact_registry_repository_iam_member.reader,
    google_project_iam_member.node,
  ]
}
