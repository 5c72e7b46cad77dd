output "repository_ids" {
  description = "projects/{project}/locations/{location}/repositories/{name} by repository."
  value       = module.repositories.ids
}

output "repository_uris" {
  description = "What the name of an image begins with, such as europe-west3-docker.pkg.dev/{project}/crm-images, by repository."
  value       = module.repositories.uris
}
