output "secret_ids" {
  description = "projects/{project}/secrets/{name} by name. Payloads are no output."
  value       = module.secrets.secret_ids
}
