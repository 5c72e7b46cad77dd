output "ca_certificate" {
  description = "Certificate of the control plane's authority, base64-encoded PEM."
  value       = module.cluster.ca_certificate
}

output "cluster_id" {
  description = "projects/{project}/locations/{region}/clusters/{name}."
  value       = module.cluster.id
}

output "dns_endpoint" {
  description = "Host name that the control plane answers at, to callers that IAM knows."
  value       = module.cluster.dns_endpoint
}

output "node_pool_ids" {
  description = "Id of each node pool."
  value       = { for name, pool in module.node_pools : name => pool.id }
}

output "node_service_account" {
  description = "Address that nodes act as."
  value       = module.node_identity.email
}

output "notifications_topic_id" {
  description = "Topic that upgrades and security bulletins are announced on."
  value       = module.cluster.notifications_topic_id
}

output "workload_pool" {
  description = "Workload identity pool that Kubernetes service accounts are known in."
  value       = module.cluster.workload_pool
}
