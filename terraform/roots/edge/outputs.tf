output "address" {
  description = "IPv4 address of the edge."
  value       = module.frontend.address
}

output "certificate_ids" {
  description = "Id of the certificate by host. Google issues it minutes after the records are there."
  value       = module.certificates.certificate_ids
}

output "urls" {
  description = "https URL by label of a host at the edge."
  value       = { for label in keys(var.hosts) : label => "https://${label}.${var.domain}" }
  depends_on  = [google_dns_record_set.host]
}
