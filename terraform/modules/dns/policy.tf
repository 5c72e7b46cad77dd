resource "google_dns_policy" "policy" {
  name            = var.name
  project         = var.project_id
  deletion_policy = var.deletion_policy
  description     = "Logs every query of the network (CIS Google Cloud 2.13)."

  enable_inbound_forwarding = false
  enable_logging            = true

  networks {
    network_url = var.network_id
  }
}
