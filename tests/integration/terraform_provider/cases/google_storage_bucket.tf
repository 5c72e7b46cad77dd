# imports: [rehearsal-project-it, rehearsal-project/rehearsal-project-it]
# not_imported: [force_destroy, labels, terraform_labels]
# drift: {PATCH: storage/v1/b/rehearsal-project-it, host: storage.googleapis.com, body: {versioning: {enabled: false}}}

resource "google_storage_bucket" "it" {
  name                        = "rehearsal-project-it"
  location                    = local.replaced ? "us-east1" : "us-central1"
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true
  labels                      = local.updated ? { team = "platform" } : { team = "crm", tier = "cache" }

  versioning {
    enabled = true
  }
  soft_delete_policy {
    retention_duration_seconds = 0
  }
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age        = local.updated ? 60 : 30
      with_state = "ARCHIVED"
    }
  }
  dynamic "cors" {
    for_each = local.updated ? [] : ["https://crm.test"]
    content {
      origin = [cors.value]
      method = ["GET"]
    }
  }
}
