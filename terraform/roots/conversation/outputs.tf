output "buckets" {
  description = "Name of each cache: audio, text."
  value       = module.caches.names
}

output "quota_granted_values" {
  description = "What Google grants by quota preference."
  value       = module.quotas.granted_values
}

output "service_account" {
  description = "Address that the service acts as."
  value       = module.identity.email
}
