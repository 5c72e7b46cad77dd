# imports: [projects/rehearsal-project/global/backendServices/it, rehearsal-project/it, it]

resource "google_compute_network" "net" {
  name                    = "net"
  auto_create_subnetworks = false
}

resource "google_compute_network_endpoint_group" "zonal" {
  name                  = "zonal"
  zone                  = "us-central1-a"
  network               = google_compute_network.net.id
  network_endpoint_type = "GCE_VM_IP_PORT"
}

resource "google_compute_region_network_endpoint_group" "serverless" {
  name                  = "serverless"
  region                = "us-central1"
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = "frontend"
  }
}

resource "google_compute_health_check" "check" {
  name = "check"

  http_health_check {
    port_specification = "USE_SERVING_PORT"
  }
}


resource "google_compute_backend_service" "it" {
  name                            = local.replaced ? "that" : "it"
  protocol                        = "HTTP"
  load_balancing_scheme           = "EXTERNAL_MANAGED"
  timeout_sec                     = local.updated ? 60 : 30
  connection_draining_timeout_sec = 30
  health_checks                   = [google_compute_health_check.check.id]

  backend {
    group                 = google_compute_network_endpoint_group.zonal.id
    balancing_mode        = "RATE"
    max_rate_per_endpoint = local.updated ? 200 : 100
  }
  log_config {
    enable      = true
    sample_rate = local.updated ? 0.5 : 1
  }
}

resource "google_compute_backend_service" "serverless" {
  name                  = "serverless"
  protocol              = "HTTPS"
  load_balancing_scheme = "EXTERNAL_MANAGED"

  backend {
    group = google_compute_region_network_endpoint_group.serverless.id
  }
  log_config {
    enable = false
  }
}
