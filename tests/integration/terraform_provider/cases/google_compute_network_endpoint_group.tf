# imports: [projects/rehearsal-project/zones/us-central1-a/networkEndpointGroups/it, rehearsal-project/us-central1-a/it, us-central1-a/it]
# unchangeable: true

resource "google_compute_network" "net" {
  name                    = "net"
  auto_create_subnetworks = false
}

resource "google_compute_network_endpoint_group" "it" {
  name                  = local.replaced ? "that" : "it"
  zone                  = "us-central1-a"
  network               = google_compute_network.net.id
  network_endpoint_type = "GCE_VM_IP_PORT"
  default_port          = 3000
}
