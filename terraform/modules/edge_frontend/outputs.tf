output "address" {
  description = "IPv4 address of the edge, once it answers."
  value       = google_compute_global_address.edge.address
  depends_on  = [google_compute_global_forwarding_rule.http, google_compute_global_forwarding_rule.https]
}

output "url_map_id" {
  description = "Id of the URL map."
  value       = google_compute_url_map.edge.id
}
