# imports: [projects/rehearsal-project/locations/global/dnsAuthorizations/it, rehearsal-project/global/it, global/it]
# not_imported: [labels, terraform_labels]

resource "google_certificate_manager_dns_authorization" "it" {
  name        = "it"
  domain      = local.replaced ? "web.crm.test" : "app.crm.test"
  description = local.updated ? "changed" : "made"
  labels      = local.updated ? { team = "crm", tier = "edge" } : { team = "crm" }
}
