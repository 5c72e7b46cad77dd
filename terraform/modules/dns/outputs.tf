output "policy_id" {
  description = "projects/{project}/policies/{name}."
  value       = "projects/${var.project_id}/policies/${var.name}"
  depends_on  = [google_dns_policy.policy]
}

output "zone_ids" {
  description = "projects/{project}/managedZones/{zone} by domain, once the records are in."
  value       = { for domain, zone in local.zone : domain => "projects/${var.project_id}/managedZones/${zone}" }
  depends_on  = [google_dns_managed_zone.google_apis, google_dns_record_set.apex, google_dns_record_set.wildcard]
}
