locals {
  hosts = { for label, host in var.hosts : "${label}.${var.domain}" => host }
}

module "certificates" {
  source = "../../modules/edge_certificates"

  deletion_policy = local.deletion_policy
  hosts           = keys(local.hosts)
  name            = var.name
  project_id      = var.project_id
  zone_name       = var.zone_name
}

module "backends" {
  source = "../../modules/edge_backends"

  deletion_policy  = local.deletion_policy
  draining_seconds = var.draining_seconds
  log_sample_rate  = var.log_sample_rate
  name             = var.name
  project_id       = var.project_id
  region           = var.region
  services         = var.services
  zones            = var.zones
}

module "frontend" {
  source = "../../modules/edge_frontend"

  backends           = module.backends.ids
  certificate_map_id = module.certificates.map_id
  deletion_policy    = local.deletion_policy
  hosts              = local.hosts
  name               = var.name
  project_id         = var.project_id
}

resource "google_dns_record_set" "host" {
  for_each = var.hosts

  managed_zone    = var.zone_name
  project         = var.project_id
  deletion_policy = local.deletion_policy
  name            = "${each.key}.${var.domain}."
  rrdatas         = [module.frontend.address]
  ttl             = 300
  type            = "A"
}
