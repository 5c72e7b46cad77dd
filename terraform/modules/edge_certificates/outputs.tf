output "certificate_ids" {
  description = "Id of the certificate by host."
  value       = { for host, certificate in google_certificate_manager_certificate.host : host => certificate.id }
}

output "map_id" {
  description = "projects/{project}/locations/global/certificateMaps/{name}, once every host has its entry."
  value       = "projects/${var.project_id}/locations/global/certificateMaps/${var.name}"
  depends_on  = [google_certificate_manager_certificate_map.map, google_certificate_manager_certificate_map_entry.host]
}
