locals {
  grants = merge([
    for name, repository in var.repositories : {
      for pair in concat(
        [for member in repository.readers : ["roles/artifactregistry.reader", member]],
        [for member in repository.writers : ["roles/artifactregistry.writer", member]],
      ) : "${name} ${pair[0]} ${pair[1]}" => { repository = name, role = pair[0], member = pair[1] }
    }
  ]...)
}

resource "google_artifact_registry_repository_iam_member" "grant" {
  for_each = local.grants

  project    = var.project_id
  location   = google_artifact_registry_repository.repository[each.value.repository].location
  repository = google_artifact_registry_repository.repository[each.value.repository].name
  role       = each.value.role
  member     = each.value.member
}
