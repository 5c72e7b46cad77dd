# imports: [projects/rehearsal-project/regions/us-central1/networkEndpointGroups/it, rehearsal-project/us-central1/it, us-central1/it, it]
# unchangeable: true

resource "google_compute_region_network_endpoint_group" "it" {
  name                  = "it"
  region                = "us-central1"
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = local.replaced ? "backend" : "frontend"
  }
}
