locals {
  # private.googleapis.com, reachable without a public address:
  # https://cloud.google.com/vpc/docs/configure-private-google-access#domain-options
  private_addresses = [for host in range(4) : cidrhost("199.36.153.8/30", host)]

  # googleapis.com is answered by its own host private.googleapis.com, every other domain by itself.
  apex = { for domain in var.google_api_domains : domain => domain == "googleapis.com" ? "private.googleapis.com." : "${domain}." }
  zone = { for domain in var.google_api_domains : domain => "${var.name}-${replace(domain, ".", "-")}" }
}

resource "google_dns_managed_zone" "google_apis" {
  for_each = var.google_api_domains

  name            = local.zone[each.key]
  project         = var.project_id
  deletion_policy = var.deletion_policy
  description     = "Answers ${each.key} with the private addresses of Google's APIs."
  dns_name        = "${each.key}."
  force_destroy   = var.force_destroy
  visibility      = "private"

  private_visibility_config {
    networks {
      network_url = var.network_id
    }
  }
}

resource "google_dns_record_set" "apex" {
  for_each = var.google_api_domains

  managed_zone    = google_dns_managed_zone.google_apis[each.key].name
  project         = var.project_id
  deletion_policy = var.deletion_policy
  name            = local.apex[each.key]
  rrdatas         = local.private_addresses
  ttl             = 300
  type            = "A"
}

resource "google_dns_record_set" "wildcard" {
  for_each = var.google_api_domains

  managed_zone    = google_dns_managed_zone.google_apis[each.key].name
  project         = var.project_id
  deletion_policy = var.deletion_policy
  name            = "*.${each.key}."
  rrdatas         = [local.apex[each.key]]
  ttl             = 300
  type            = "CNAME"
}
