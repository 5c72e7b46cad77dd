output "id" {
  description = "projects/{project}/locations/{location}/clusters/{cluster}/nodePools/{name}."
  value       = google_container_node_pool.pool.id
}

output "instance_group_urls" {
  description = "Instance groups of the pool, one a zone."
  value       = google_container_node_pool.pool.instance_group_urls
}
