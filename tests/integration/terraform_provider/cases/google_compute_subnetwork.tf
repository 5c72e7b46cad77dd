# imports: [projects/rehearsal-project/regions/us-central1/subnetworks/it, rehearsal-project/us-central1/it, us-central1/it, it]
# not_imported: [send_secondary_ip_range_if_empty]
# drift: {POST: compute/v1/projects/rehearsal-project/regions/us-central1/subnetworks/it/setPrivateIpGoogleAccess, body: {privateIpGoogleAccess: false}}

resource "google_compute_network" "net" {
  name                    = "net"
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "it" {
  name                     = "it"
  region                   = "us-central1"
  network                  = google_compute_network.net.id
  ip_cidr_range            = local.replaced ? "10.9.0.0/20" : local.updated ? "10.8.0.0/19" : "10.8.0.0/20"
  private_ip_google_access = true

  secondary_ip_range {
    range_name    = "pods"
    ip_cidr_range = "10.64.0.0/16"
  }
  dynamic "secondary_ip_range" {
    for_each = local.updated ? ["services"] : []
    content {
      range_name    = secondary_ip_range.value
      ip_cidr_range = "10.65.0.0/20"
    }
  }

  log_config {
    aggregation_interval = local.updated ? "INTERVAL_10_MIN" : "INTERVAL_5_SEC"
    flow_sampling        = 0.5
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_subnetwork" "proxy" {
  name          = "proxy"
  region        = "us-central1"
  network       = google_compute_network.net.name
  ip_cidr_range = "10.7.0.0/24"
  purpose       = "REGIONAL_MANAGED_PROXY"
  role          = "ACTIVE"
}
