# imports: [projects/rehearsal-project/global/targetHttpProxies/it, rehearsal-project/it, it]

resource "google_compute_backend_service" "app" {
  count                 = 2
  name                  = "app-${count.index}"
  load_balancing_scheme = "EXTERNAL_MANAGED"
}

resource "google_compute_url_map" "map" {
  count           = 2
  name            = "map-${count.index}"
  default_service = google_compute_backend_service.app[0].id
}

resource "google_compute_target_http_proxy" "it" {
  name    = local.replaced ? "that" : "it"
  url_map = google_compute_url_map.map[local.updated ? 1 : 0].id
}
