# imports: [projects/rehearsal-project/global/targetHttpsProxies/it, rehearsal-project/it, it]

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

resource "google_certificate_manager_certificate_map" "certificates" {
  name = "certificates"
}

resource "google_compute_ssl_policy" "modern" {
  count   = 2
  name    = "modern-${count.index}"
  profile = "MODERN"
}

resource "google_compute_target_https_proxy" "it" {
  name            = local.replaced ? "that" : "it"
  url_map         = google_compute_url_map.map[local.updated ? 1 : 0].id
  ssl_policy      = google_compute_ssl_policy.modern[local.updated ? 1 : 0].id
  quic_override   = local.updated ? "ENABLE" : "NONE"
  certificate_map = "//certificatemanager.googleapis.com/${google_certificate_manager_certificate_map.certificates.id}"
}
