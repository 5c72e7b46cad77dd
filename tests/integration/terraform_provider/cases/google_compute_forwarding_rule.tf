# imports: [projects/rehearsal-project/regions/us-central1/forwardingRules/it, rehearsal-project/us-central1/it, us-central1/it, it]
# not_imported: [labels, terraform_labels]

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

resource "google_compute_target_http_proxy" "proxy" {
  count   = 2
  name    = "proxy-${count.index}"
  url_map = google_compute_url_map.map[count.index].id
}

resource "google_compute_address" "front" {
  name = "front"
}

resource "google_compute_forwarding_rule" "it" {
  name                  = local.replaced ? "that" : "it"
  region                = "us-central1"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_address.front.address
  port_range            = "80"
  target                = google_compute_target_http_proxy.proxy[local.updated ? 1 : 0].id
  labels                = local.updated ? { team = "crm", tier = "edge" } : { team = "crm" }
}
