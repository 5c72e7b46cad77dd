# imports: [projects/rehearsal-project/global/firewalls/it, rehearsal-project/it, it]
# drift: {PATCH: compute/v1/projects/rehearsal-project/global/firewalls/it, body: {disabled: true}}

resource "google_compute_network" "net" {
  name                    = "net"
  auto_create_subnetworks = false
}

resource "google_compute_firewall" "it" {
  name        = local.replaced ? "that" : "it"
  network     = google_compute_network.net.name
  description = local.updated ? "" : "from the health checks"
  direction   = "INGRESS"
  priority    = local.updated ? 0 : 1000

  source_ranges = ["35.191.0.0/16", "130.211.0.0/22"]
  target_tags   = ["web"]

  allow {
    protocol = "tcp"
    ports    = local.updated ? ["80", "8080-8090"] : ["80"]
  }
  dynamic "log_config" {
    for_each = local.updated ? [] : ["INCLUDE_ALL_METADATA"]
    content {
      metadata = log_config.value
    }
  }
}
