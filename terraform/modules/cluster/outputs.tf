output "ca_certificate" {
  description = "Certificate of the control plane's authority, base64-encoded PEM."
  value       = google_container_cluster.cluster.master_auth[0].cluster_ca_certificate
}

output "dns_endpoint" {
  description = "Host name that the control plane answers at."
  value       = google_container_cluster.cluster.control_plane_endpoints_config[0].dns_endpoint_config[0].endpoint
}

output "id" {
  description = "projects/{project}/locations/{region}/clusters/{name}."
  value       = google_container_cluster.cluster.id
}

output "location" {
  description = "Region of the cluster."
  value       = google_container_cluster.cluster.location
}

output "name" {
  description = "Name of the cluster."
  value       = google_container_cluster.cluster.name
}

output "notifications_topic_id" {
  description = "Topic that upgrades and security bulletins are announced on."
  value       = google_pubsub_topic.notifications.id
}

output "workload_pool" {
  description = "Workload identity pool that Kubernetes service accounts are known in."
  value       = google_container_cluster.cluster.workload_identity_config[0].workload_pool
}
