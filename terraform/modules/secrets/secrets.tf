resource "google_secret_manager_secret" "secret" {
  for_each = var.secrets

  secret_id           = each.key
  project             = var.project_id
  deletion_policy     = var.deletion_policy
  deletion_protection = var.deletion_policy == "PREVENT"
  # A version that is destroyed by mistake can be brought back for this long.
  version_destroy_ttl = "${var.destroy_delay_days * 86400}s"

  replication {
    user_managed {
      dynamic "replicas" {
        for_each = var.locations
        content {
          location = replicas.value
        }
      }
    }
  }
}

# The payload is write-only and comes from an ephemeral variable: it is in no state and in no plan. It is sent when a version is made,
# which happens when the number changes; every other run ignores it.
resource "google_secret_manager_secret_version" "made" {
  for_each = { for name, secret in var.secrets : name => secret if secret.version > 0 }

  secret = google_secret_manager_secret.secret[each.key].id
  # Rotation only disables the version before, so that it can be undone.
  deletion_policy        = var.deletion_policy == "PREVENT" ? "DISABLE" : "DELETE"
  secret_data_wo         = var.values[each.key]
  secret_data_wo_version = tostring(each.value.version)

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_secret_manager_secret_iam_member" "accessor" {
  for_each = merge([
    for name, secret in var.secrets : {
      for member in secret.accessors : "${name} ${member}" => { member = member, secret = name }
    }
  ]...)

  secret_id = google_secret_manager_secret.secret[each.value.secret].id
  project   = var.project_id
  member    = each.value.member
  role      = "roles/secretmanager.secretAccessor"
}
