locals {
  # A path stands for itself and all below it.
  rules = {
    for host, routes in var.hosts : host => {
      for service, route in routes.services : service => merge(route, {
        patterns = distinct(flatten([for path in route.paths : [path, "${trimsuffix(path, "/")}/*"]]))
      })
    }
  }
}

resource "google_compute_global_address" "edge" {
  name            = var.name
  project         = var.project_id
  deletion_policy = var.deletion_policy
  description     = "Where the edge is reached."
}

# TLS 1.2 and forward secrecy at least (CIS Google Cloud 3.9).
resource "google_compute_ssl_policy" "edge" {
  name            = var.name
  project         = var.project_id
  deletion_policy = var.deletion_policy
  min_tls_version = "TLS_1_2"
  profile         = "RESTRICTED"
}

resource "google_compute_url_map" "edge" {
  name            = var.name
  project         = var.project_id
  deletion_policy = var.deletion_policy
  # A host that is not ours gets what the first of ours gets; it has no certificate for it anyway.
  default_service = var.backends[values(var.hosts)[0].default]

  dynamic "host_rule" {
    for_each = var.hosts
    content {
      hosts        = [host_rule.key]
      path_matcher = replace(host_rule.key, ".", "-")
    }
  }

  dynamic "path_matcher" {
    for_each = var.hosts
    content {
      name            = replace(path_matcher.key, ".", "-")
      default_service = var.backends[path_matcher.value.default]

      header_action {
        response_headers_to_add {
          header_name  = "Strict-Transport-Security"
          header_value = "max-age=31536000; includeSubDomains"
          replace      = true
        }
      }

      dynamic "path_rule" {
        for_each = local.rules[path_matcher.key]
        content {
          paths   = path_rule.value.patterns
          service = var.backends[path_rule.key]

          dynamic "route_action" {
            for_each = path_rule.value.cors == null ? [] : [path_rule.value.cors]
            content {
              cors_policy {
                allow_credentials = route_action.value.credentials
                allow_headers     = route_action.value.headers
                allow_methods     = route_action.value.methods
                allow_origins     = route_action.value.origins
                disabled          = false
                max_age           = route_action.value.max_age_seconds
              }
            }
          }
        }
      }
    }
  }
}

resource "google_compute_target_https_proxy" "edge" {
  name            = var.name
  project         = var.project_id
  certificate_map = "//certificatemanager.googleapis.com/${var.certificate_map_id}"
  deletion_policy = var.deletion_policy
  ssl_policy      = google_compute_ssl_policy.edge.id
  url_map         = google_compute_url_map.edge.id
}

resource "google_compute_global_forwarding_rule" "https" {
  name                  = "${var.name}-https"
  project               = var.project_id
  deletion_policy       = var.deletion_policy
  ip_address            = google_compute_global_address.edge.id
  load_balancing_scheme = "EXTERNAL_MANAGED"
  port_range            = "443"
  target                = google_compute_target_https_proxy.edge.id
}

# Nothing is answered without TLS but where to find it.
resource "google_compute_url_map" "redirect" {
  name            = "${var.name}-redirect"
  project         = var.project_id
  deletion_policy = var.deletion_policy

  default_url_redirect {
    https_redirect         = true
    redirect_response_code = "MOVED_PERMANENTLY_DEFAULT"
    strip_query            = false
  }
}

resource "google_compute_target_http_proxy" "redirect" {
  name            = "${var.name}-redirect"
  project         = var.project_id
  deletion_policy = var.deletion_policy
  url_map         = google_compute_url_map.redirect.id
}

resource "google_compute_global_forwarding_rule" "http" {
  name                  = "${var.name}-http"
  project               = var.project_id
  deletion_policy       = var.deletion_policy
  ip_address            = google_compute_global_address.edge.id
  load_balancing_scheme = "EXTERNAL_MANAGED"
  port_range            = "80"
  target                = google_compute_target_http_proxy.redirect.id
}
