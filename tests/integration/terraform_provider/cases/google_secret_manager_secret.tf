# imports: [projects/rehearsal-project/secrets/it, rehearsal-project/it, it]
# not_imported: [labels, terraform_labels, deletion_protection]

resource "google_secret_manager_secret" "it" {
  secret_id           = local.replaced ? "that" : "it"
  labels              = local.updated ? { team = "crm", tier = "data" } : { team = "crm" }
  version_destroy_ttl = local.updated ? "172800s" : "86400s"

  replication {
    user_managed {
      replicas {
        location = "us-central1"
      }
    }
  }
}

resource "google_secret_manager_secret" "everywhere" {
  secret_id = "everywhere"

  replication {
    auto {}
  }
}
