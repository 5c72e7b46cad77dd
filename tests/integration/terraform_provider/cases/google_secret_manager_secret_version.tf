# imports: ["{id}"]
# not_imported: [project, secret, secret_data, secret_data_wo_version, is_secret_data_base64]

resource "google_secret_manager_secret" "secret" {
  count     = 2
  secret_id = count.index == 0 ? "secret" : "plain"

  replication {
    auto {}
  }
}

resource "google_secret_manager_secret_version" "it" {
  secret                 = google_secret_manager_secret.secret[0].id
  enabled                = !local.updated
  secret_data_wo         = "never in a state"
  secret_data_wo_version = local.replaced ? "2" : "1"
}

resource "google_secret_manager_secret_version" "plain" {
  secret      = google_secret_manager_secret.secret[1].id
  secret_data = "kept in the state"
}
