output "connection_string" {
  description = "Where the cluster is, without user and password: mongodb+srv:// where Atlas has a name for it."
  value       = module.cluster.connection_string
}

output "project_id" {
  description = "Id of the Atlas project."
  value       = mongodbatlas_project.this.id
}
