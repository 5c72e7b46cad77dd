locals {
  cloud_run  = { for name, service in var.services : name => service if service.runtime == "cloud_run" }
  kubernetes = { for name, service in var.services : name => service if service.runtime == "kubernetes" }
}

resource "google_compute_region_network_endpoint_group" "cloud_run" {
  for_each = local.cloud_run

  name                  = "${var.name}-${each.key}"
  project               = var.project_id
  deletion_policy       = var.deletion_policy
  network_endpoint_type = "SERVERLESS"
  region                = var.region

  cloud_run {
    service = each.key
  }
}

resource "google_compute_health_check" "kubernetes" {
  for_each = local.kubernetes

  name                = "${var.name}-${each.key}"
  project             = var.project_id
  check_interval_sec  = each.value.health_check.interval_seconds
  deletion_policy     = var.deletion_policy
  healthy_threshold   = 1
  timeout_sec         = each.value.health_check.interval_seconds
  unhealthy_threshold = 2

  dynamic "http_health_check" {
    for_each = each.value.health_check.path == null ? [] : [each.value.health_check.path]
    content {
      port_specification = "USE_SERVING_PORT"
      request_path       = http_health_check.value
    }
  }

  # A service without a path for health is alive as long as it accepts connections.
  dynamic "tcp_health_check" {
    for_each = each.value.health_check.path == null ? [true] : []
    content {
      port_specification = "USE_SERVING_PORT"
    }
  }

  log_config {
    enable = true
  }
}

resource "google_compute_backend_service" "service" {
  for_each = var.services

  name                            = "${var.name}-${each.key}"
  project                         = var.project_id
  connection_draining_timeout_sec = each.value.runtime == "kubernetes" ? var.draining_seconds : 0
  deletion_policy                 = var.deletion_policy
  health_checks                   = each.value.runtime == "kubernetes" ? [google_compute_health_check.kubernetes[each.key].id] : null
  load_balancing_scheme           = "EXTERNAL_MANAGED"
  # Google talks to Cloud Run over TLS by itself; what this says is how it talks to pods.
  protocol    = each.value.runtime == "kubernetes" ? "HTTP" : "HTTPS"
  timeout_sec = each.value.runtime == "kubernetes" ? each.value.timeout_seconds : 30

  # GKE makes one group a zone, named after the service by its annotation cloud.google.com/neg.
  dynamic "backend" {
    for_each = each.value.runtime == "kubernetes" ? var.zones : []
    content {
      balancing_mode        = "RATE"
      group                 = "projects/${var.project_id}/zones/${backend.value}/networkEndpointGroups/${each.key}"
      max_rate_per_endpoint = each.value.max_requests_per_second
    }
  }

  dynamic "backend" {
    for_each = each.value.runtime == "cloud_run" ? [google_compute_region_network_endpoint_group.cloud_run[each.key].id] : []
    content {
      group = backend.value
    }
  }

  log_config {
    enable      = true
    sample_rate = var.log_sample_rate
  }
}
