locals {
  zone = "${var.name}-public"
}

resource "google_dns_managed_zone" "public" {
  name            = local.zone
  project         = var.project_id
  deletion_policy = var.deletion_policy
  description     = "The names under which this environment is reached."
  dns_name        = "${var.domain}."
  force_destroy   = var.force_destroy
  visibility      = "public"

  cloud_logging_config {
    enable_logging = true
  }

  # Signed with elliptic curves: short answers, and none of the keys that CIS Google Cloud 3.4 and 3.5 forbid.
  dnssec_config {
    non_existence = "nsec3"
    state         = "on"

    default_key_specs {
      algorithm = "ecdsap256sha256"
      key_type  = "keySigning"
    }
    default_key_specs {
      algorithm = "ecdsap256sha256"
      key_type  = "zoneSigning"
    }
  }
}

# Reserved before the service that gets it, so that a name can point there and stays right when the service is made anew.
resource "google_compute_address" "service" {
  for_each = var.services

  name            = "${var.name}-${each.key}"
  project         = var.project_id
  address_type    = "EXTERNAL"
  deletion_policy = var.deletion_policy
  description     = "Where ${each.key} is reached from outside."
  network_tier    = "PREMIUM"
  region          = var.region
}

resource "google_dns_record_set" "service" {
  for_each = var.services

  managed_zone    = google_dns_managed_zone.public.name
  project         = var.project_id
  deletion_policy = var.deletion_policy
  name            = "${each.value}.${var.domain}."
  rrdatas         = [google_compute_address.service[each.key].address]
  ttl             = 300
  type            = "A"
}
