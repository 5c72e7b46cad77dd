# imports: [projects/rehearsal-project/policies/it, rehearsal-project/it, it]
# drift: {PATCH: dns/v1/projects/rehearsal-project/policies/it, body: {enableLogging: false}}

resource "google_compute_network" "net" {
  name                    = "net"
  auto_create_subnetworks = false
}

resource "google_dns_policy" "it" {
  name                      = local.replaced ? "that" : "it"
  description               = local.updated ? "another" : "one"
  enable_logging            = true
  enable_inbound_forwarding = local.updated

  networks {
    network_url = google_compute_network.net.id
  }
}
