# imports: [projects/rehearsal-project/global/addresses/it, rehearsal-project/it, it]
# not_imported: [labels, terraform_labels]

resource "google_compute_global_address" "it" {
  name        = local.replaced ? "that" : "it"
  description = "of the load balancer"
  ip_version  = "IPV4"
  labels      = local.updated ? {} : { team = "crm" }
}
