locals {
  # Names of resources allow no dots.
  names = { for host in var.hosts : host => replace(host, ".", "-") }
}

resource "google_certificate_manager_dns_authorization" "host" {
  for_each = var.hosts

  name            = local.names[each.key]
  project         = var.project_id
  deletion_policy = var.deletion_policy
  domain          = each.key
  location        = "global"
}

# Google sees this record and knows that the domain is ours; without it the certificate is never issued nor renewed.
resource "google_dns_record_set" "authorization" {
  for_each = var.hosts

  managed_zone    = var.zone_name
  project         = var.project_id
  deletion_policy = var.deletion_policy
  name            = google_certificate_manager_dns_authorization.host[each.key].dns_resource_record[0].name
  rrdatas         = [google_certificate_manager_dns_authorization.host[each.key].dns_resource_record[0].data]
  ttl             = 300
  type            = google_certificate_manager_dns_authorization.host[each.key].dns_resource_record[0].type
}

resource "google_certificate_manager_certificate" "host" {
  for_each = var.hosts

  name            = local.names[each.key]
  project         = var.project_id
  deletion_policy = var.deletion_policy
  location        = "global"

  managed {
    dns_authorizations = [google_certificate_manager_dns_authorization.host[each.key].id]
    domains            = [each.key]
  }

  depends_on = [google_dns_record_set.authorization]
}

resource "google_certificate_manager_certificate_map" "map" {
  name            = var.name
  project         = var.project_id
  deletion_policy = var.deletion_policy
}

resource "google_certificate_manager_certificate_map_entry" "host" {
  for_each = var.hosts

  name            = local.names[each.key]
  project         = var.project_id
  certificates    = [google_certificate_manager_certificate.host[each.key].id]
  deletion_policy = var.deletion_policy
  hostname        = each.key
  map             = google_certificate_manager_certificate_map.map.name
}
