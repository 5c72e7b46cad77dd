# imports: [projects/rehearsal-project/regions/us-central1/routers/router/it, rehearsal-project/us-central1/router/it, us-central1/router/it, router/it]

resource "google_compute_network" "net" {
  name                    = "net"
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "subnet" {
  name          = "subnet"
  network       = google_compute_network.net.id
  ip_cidr_range = "10.8.0.0/20"
}

resource "google_compute_router" "router" {
  name    = "router"
  network = google_compute_network.net.id
}

resource "google_compute_address" "nat" {
  count = 2
  name  = "nat-${count.index}"
}

resource "google_compute_router_nat" "it" {
  name                               = local.replaced ? "that" : "it"
  router                             = google_compute_router.router.name
  region                             = google_compute_router.router.region
  nat_ip_allocate_option             = "MANUAL_ONLY"
  nat_ips                            = local.updated ? google_compute_address.nat[*].self_link : [google_compute_address.nat[0].self_link]
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"
  min_ports_per_vm                   = local.updated ? 128 : 64

  subnetwork {
    name                    = google_compute_subnetwork.subnet.id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }
  log_config {
    enable = true
    filter = local.updated ? "ALL" : "ERRORS_ONLY"
  }
}
