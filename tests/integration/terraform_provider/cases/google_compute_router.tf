# imports: [projects/rehearsal-project/regions/us-central1/routers/it, rehearsal-project/us-central1/it, us-central1/it, it]
# drift: {PATCH: compute/v1/projects/rehearsal-project/regions/us-central1/routers/it, body: {description: by hand}}

resource "google_compute_network" "net" {
  name                    = "net"
  auto_create_subnetworks = false
}

resource "google_compute_router" "it" {
  name        = local.replaced ? "that" : "it"
  region      = "us-central1"
  network     = google_compute_network.net.id
  description = local.updated ? "another" : "one"

  dynamic "bgp" {
    for_each = local.updated ? [64515] : []
    content {
      asn = bgp.value
    }
  }
}
