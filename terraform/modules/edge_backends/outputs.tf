output "ids" {
  description = "Id of the backend service by service."
  value       = { for name, service in google_compute_backend_service.service : name => service.id }
}
