# imports: [projects/rehearsal-project/global/routes/it, rehearsal-project/it, it]
# unchangeable: true

resource "google_compute_network" "net" {
  name                    = "net"
  auto_create_subnetworks = false
}

resource "google_compute_route" "it" {
  name             = "it"
  network          = google_compute_network.net.self_link
  dest_range       = local.replaced ? "0.0.0.0/1" : "0.0.0.0/0"
  next_hop_gateway = "default-internet-gateway"
  priority         = 900
  tags             = ["egress"]
}
