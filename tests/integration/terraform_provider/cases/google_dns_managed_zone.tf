# imports: [projects/rehearsal-project/managedZones/it, rehearsal-project/it, it]
# not_imported: [force_destroy, labels, terraform_labels]
# drift: {PATCH: dns/v1/projects/rehearsal-project/managedZones/it, body: {description: by hand}}

resource "google_compute_network" "net" {
  name                    = "net"
  auto_create_subnetworks = false
}

resource "google_dns_managed_zone" "it" {
  name          = "it"
  dns_name      = local.replaced ? "internal.other.test." : "internal.crm.test."
  description   = local.updated ? "another" : "one"
  visibility    = "private"
  force_destroy = true
  labels        = { team = local.updated ? "platform" : "crm" }

  private_visibility_config {
    networks {
      network_url = google_compute_network.net.id
    }
  }
}
