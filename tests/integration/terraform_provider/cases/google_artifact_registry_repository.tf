# imports: [projects/rehearsal-project/locations/us-central1/repositories/it, rehearsal-project/us-central1/it, us-central1/it]
# not_imported: [labels, terraform_labels]
# drift: {PATCH: "v1/projects/rehearsal-project/locations/us-central1/repositories/it?updateMask=description", host: artifactregistry.googleapis.com, body: {description: by hand}}

resource "google_artifact_registry_repository" "it" {
  repository_id          = local.replaced ? "that" : "it"
  location               = "us-central1"
  format                 = "DOCKER"
  description            = local.updated ? "Images" : "Pictures"
  cleanup_policy_dry_run = !local.updated
  labels                 = local.updated ? { team = "platform" } : { team = "crm" }

  docker_config {
    immutable_tags = true
  }
  vulnerability_scanning_config {
    enablement_config = "INHERITED"
  }
  cleanup_policies {
    id     = "untagged"
    action = "DELETE"
    condition {
      tag_state  = "UNTAGGED"
      older_than = local.updated ? "14d" : "7d"
    }
  }
  cleanup_policies {
    id     = "recent"
    action = "KEEP"
    most_recent_versions {
      keep_count = 10
    }
  }
}
