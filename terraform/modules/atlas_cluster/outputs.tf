output "connection_string" {
  description = "Where the cluster is, without user and password."
  value = try(
    coalesce(
      mongodbatlas_advanced_cluster.this.connection_strings.standard_srv,
      mongodbatlas_advanced_cluster.this.connection_strings.standard,
    ),
    "",
  )
}
