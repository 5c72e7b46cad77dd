resource "google_compute_route" "route" {
  for_each = {
    google-apis = { destination = "199.36.153.8/30", description = "Google APIs through private.googleapis.com." }
    internet    = { destination = "0.0.0.0/0", description = "Internet, through the NAT; the firewall policy says who." }
  }

  name             = "${var.name}-${each.key}"
  project          = var.project_id
  deletion_policy  = var.deletion_policy
  network          = google_compute_network.network.id
  description      = each.value.description
  dest_range       = each.value.destination
  next_hop_gateway = "default-internet-gateway"
  priority         = 1000
}
