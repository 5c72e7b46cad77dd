resource "google_storage_bucket" "cache" {
  #checkov:skip=CKV_GCP_62:A cache that lives for days: who read what is in the data access logs of the project, if somebody wants to pay for them.
  #checkov:skip=CKV_GCP_78:Older versions of what can be made again at any time would only cost.
  for_each = toset(["audio-cache", "text-cache"])

  name                        = "${var.project_id}-${each.key}"
  project                     = var.project_id
  location                    = var.location
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = var.force_destroy
  deletion_policy             = var.deletion_policy

  # What is deleted is gone: it can be made again, and nobody shall pay for it twice.
  soft_delete_policy {
    retention_duration_seconds = 0
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age        = var.retention_days
      with_state = "ANY"
    }
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age        = 1
      with_state = "ANY"
    }
  }

  # Browsers fetch audio by signed URL, from the pages of these origins alone.
  dynamic "cors" {
    for_each = each.key == "audio-cache" && length(var.cors_origins) > 0 ? [var.cors_origins] : []
    content {
      origin          = cors.value
      method          = ["GET", "HEAD"]
      response_header = ["Accept-Ranges", "Content-Length", "Content-Range", "Content-Type", "ETag"]
      max_age_seconds = 3600
    }
  }
}

# objectUser reads, writes and replaces; it can change neither the bucket nor anybody's access, as objectAdmin could.
resource "google_storage_bucket_iam_member" "user" {
  for_each = google_storage_bucket.cache

  bucket = each.value.name
  role   = "roles/storage.objectUser"
  member = var.user
}
