output "secret_ids" {
  description = "projects/{project}/secrets/{name} by name, once the payload is in and the accessors are granted."
  value       = { for name in keys(var.secrets) : name => "projects/${var.project_id}/secrets/${name}" }
  depends_on  = [google_secret_manager_secret_iam_member.accessor, google_secret_manager_secret_version.made]
}
