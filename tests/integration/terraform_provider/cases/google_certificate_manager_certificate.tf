# imports: [projects/rehearsal-project/locations/global/certificates/it, rehearsal-project/global/it, global/it]
# not_imported: [labels, terraform_labels]

resource "google_certificate_manager_dns_authorization" "app" {
  name   = "app"
  domain = "app.crm.test"
}

resource "google_dns_managed_zone" "zone" {
  name     = "zone"
  dns_name = "crm.test."
}

resource "google_dns_record_set" "proof" {
  managed_zone = google_dns_managed_zone.zone.name
  name         = google_certificate_manager_dns_authorization.app.dns_resource_record[0].name
  type         = google_certificate_manager_dns_authorization.app.dns_resource_record[0].type
  ttl          = 300
  rrdatas      = [google_certificate_manager_dns_authorization.app.dns_resource_record[0].data]
}

resource "google_certificate_manager_certificate" "it" {
  name        = local.replaced ? "that" : "it"
  description = local.updated ? "changed" : "made"
  labels      = { team = "crm" }
  depends_on  = [google_dns_record_set.proof]

  managed {
    domains            = ["app.crm.test", "*.app.crm.test"]
    dns_authorizations = [google_certificate_manager_dns_authorization.app.id]
  }
}
