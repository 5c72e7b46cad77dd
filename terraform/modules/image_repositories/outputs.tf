output "ids" {
  description = "projects/{project}/locations/{location}/repositories/{name} by repository, once those who may use it can."
  value       = { for name, repository in google_artifact_registry_repository.repository : name => repository.id }
  depends_on  = [google_artifact_registry_repository_iam_member.grant]
}

output "uris" {
  description = "What the name of an image begins with, by repository."
  value       = { for name, repository in google_artifact_registry_repository.repository : name => repository.registry_uri }
}
