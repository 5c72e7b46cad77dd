# imports: [projects/rehearsal-project/global/urlMaps/it, rehearsal-project/it, it]

resource "google_compute_backend_service" "app" {
  count                 = 2
  name                  = "app-${count.index}"
  load_balancing_scheme = "EXTERNAL_MANAGED"
}

resource "google_compute_url_map" "it" {
  name            = local.replaced ? "that" : "it"
  default_service = google_compute_backend_service.app[0].id

  host_rule {
    hosts        = ["app.crm.test"]
    path_matcher = "app"
  }
  path_matcher {
    name            = "app"
    default_service = google_compute_backend_service.app[0].id

    path_rule {
      paths   = local.updated ? ["/api", "/api/*"] : ["/api/*"]
      service = google_compute_backend_service.app[1].id
    }
    header_action {
      response_headers_to_add {
        header_name  = "Strict-Transport-Security"
        header_value = local.updated ? "max-age=2" : "max-age=1"
        replace      = true
      }
    }
  }
  test {
    host    = "app.crm.test"
    path    = "/api/x"
    service = google_compute_backend_service.app[1].id
  }
}

resource "google_compute_url_map" "redirect" {
  name = "redirect"

  default_url_redirect {
    https_redirect         = true
    redirect_response_code = "MOVED_PERMANENTLY_DEFAULT"
    strip_query            = false
  }
}
