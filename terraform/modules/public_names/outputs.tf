output "addresses" {
  description = "address and name (of the address resource) by service."
  value       = { for service, address in google_compute_address.service : service => { address = address.address, name = address.name } }
  depends_on  = [google_dns_record_set.service]
}

output "name_servers" {
  description = "Name servers that the parent domain must delegate to."
  value       = google_dns_managed_zone.public.name_servers
}

output "zone_name" {
  description = "Name of the zone."
  value       = local.zone
  depends_on  = [google_dns_managed_zone.public]
}
