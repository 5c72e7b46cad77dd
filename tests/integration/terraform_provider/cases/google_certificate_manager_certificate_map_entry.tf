# imports: [projects/rehearsal-project/locations/global/certificateMaps/certificates/certificateMapEntries/it, rehearsal-project/certificates/it, certificates/it]
# not_imported: [labels, terraform_labels]

resource "google_certificate_manager_dns_authorization" "app" {
  name   = "app"
  domain = "app.crm.test"
}

resource "google_certificate_manager_certificate_map" "certificates" {
  name = "certificates"
}

resource "google_certificate_manager_certificate" "app" {
  count = 2
  name  = "app-${count.index}"

  managed {
    domains            = ["app.crm.test"]
    dns_authorizations = [google_certificate_manager_dns_authorization.app.id]
  }
}

resource "google_certificate_manager_certificate_map_entry" "it" {
  name         = local.replaced ? "that" : "it"
  map          = google_certificate_manager_certificate_map.certificates.name
  certificates = [google_certificate_manager_certificate.app[local.updated ? 1 : 0].id]
  hostname     = "app.crm.test"
}
