# imports: [projects/rehearsal-project/global/healthChecks/it, rehearsal-project/it, it]

resource "google_compute_health_check" "it" {
  name                = local.replaced ? "that" : "it"
  check_interval_sec  = local.updated ? 20 : 10
  timeout_sec         = 5
  healthy_threshold   = 2
  unhealthy_threshold = 3

  http_health_check {
    port_specification = "USE_SERVING_PORT"
    request_path       = local.updated ? "/ready" : "/healthz"
  }
  log_config {
    enable = true
  }
}

resource "google_compute_health_check" "plain" {
  name = "plain"

  tcp_health_check {
    port = 27017
  }
}
