locals {
  router_id = "projects/${var.project_id}/regions/${var.region}/routers/${var.name}-router"
}

# Reserved, because the far side's allow lists (MongoDB Atlas, partners) name them.
resource "google_compute_address" "nat" {
  for_each = toset([for number in range(1, var.addresses + 1) : tostring(number)])

  name            = "${var.name}-nat-${each.key}"
  project         = var.project_id
  deletion_policy = var.deletion_policy
  region          = var.region
  description     = "Address ${each.key} that the network is seen from."
  address_type    = "EXTERNAL"
  network_tier    = "PREMIUM"

  lifecycle {
    # An address that is taken away is released only after the NAT has let go of it.
    create_before_destroy = true
  }
}

resource "google_compute_router" "router" {
  name            = "${var.name}-router"
  project         = var.project_id
  deletion_policy = var.deletion_policy
  region          = var.region
  network         = var.network_id
  description     = "Carries the NAT."
}

resource "google_compute_router_nat" "nat" {
  name                   = "${var.name}-nat"
  project                = var.project_id
  deletion_policy        = var.deletion_policy
  region                 = var.region
  router                 = google_compute_router.router.name
  nat_ip_allocate_option = "MANUAL_ONLY"
  nat_ips                = [for address in google_compute_address.nat : address.self_link]

  # Ports are handed out on demand, which Google allows only without endpoint-independent mapping.
  enable_dynamic_port_allocation      = true
  enable_endpoint_independent_mapping = false
  max_ports_per_vm                    = var.max_ports_per_vm
  min_ports_per_vm                    = var.min_ports_per_vm

  # Only what is named goes out: the database range and the DMZ stay in.
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"

  dynamic "subnetwork" {
    for_each = var.subnetworks
    content {
      name                     = subnetwork.value.id
      source_ip_ranges_to_nat  = length(subnetwork.value.secondary_ranges) == 0 ? ["PRIMARY_IP_RANGE"] : ["LIST_OF_SECONDARY_IP_RANGES", "PRIMARY_IP_RANGE"]
      secondary_ip_range_names = subnetwork.value.secondary_ranges
    }
  }

  log_config {
    enable = true
    filter = var.log_filter
  }
}
