# Nodes act as an account of their own: what it may do, every process on a node that reaches the metadata server may do.
resource "google_service_account" "nodes" {
  account_id      = var.name
  project         = var.project_id
  display_name    = var.name
  description     = "Nodes of the cluster: logs, metrics and images, nothing else."
  deletion_policy = var.deletion_policy
}

resource "google_project_iam_member" "node" {
  project = var.project_id
  role    = "roles/container.defaultNodeServiceAccount"
  member  = google_service_account.nodes.member
}

resource "google_artifact_registry_repository_iam_member" "reader" {
  for_each = var.repositories

  project    = var.project_id
  location   = each.value
  repository = each.key
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.nodes.member
}
