locals {
  # Google keeps a tagged version of a repository with immutable tags whatever a policy says, so the rule stands elsewhere only.
  delete_pull_requests = { for name, repository in var.repositories : name => !repository.immutable_tags }
}

resource "google_artifact_registry_repository" "repository" {
  for_each = var.repositories

  repository_id          = each.key
  project                = var.project_id
  location               = each.value.location
  description            = each.value.description
  format                 = "DOCKER"
  mode                   = "STANDARD_REPOSITORY"
  kms_key_name           = each.value.kms_key_id
  cleanup_policy_dry_run = var.cleanup.dry_run
  deletion_policy        = var.deletion_policy

  dynamic "docker_config" {
    for_each = each.value.immutable_tags ? [true] : []
    content {
      immutable_tags = docker_config.value
    }
  }

  vulnerability_scanning_config {
    enablement_config = var.scanning
  }

  cleanup_policies {
    id     = "delete-untagged"
    action = "DELETE"
    condition {
      tag_state  = "UNTAGGED"
      older_than = "${var.cleanup.untagged_days * 86400}s"
    }
  }

  dynamic "cleanup_policies" {
    for_each = local.delete_pull_requests[each.key] ? [var.cleanup.pull_request_days] : []
    content {
      id     = "delete-pull-requests"
      action = "DELETE"
      condition {
        tag_state    = "TAGGED"
        tag_prefixes = ["pr-"]
        older_than   = "${cleanup_policies.value * 86400}s"
      }
    }
  }

  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"
    most_recent_versions {
      keep_count = var.cleanup.keep_count
    }
  }

  cleanup_policies {
    id     = "keep-releases"
    action = "KEEP"
    condition {
      tag_state    = "TAGGED"
      tag_prefixes = var.cleanup.keep_tag_prefixes
    }
  }

  # Artifact Registry refuses a key that it may not use yet.
  depends_on = [google_kms_crypto_key_iam_member.agent]
}
