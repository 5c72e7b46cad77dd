# imports: [projects/rehearsal-project/global/networks/it, rehearsal-project/it, it]
# not_imported: [delete_default_routes_on_create]
# drift: {PATCH: compute/v1/projects/rehearsal-project/global/networks/it, body: {routingConfig: {routingMode: REGIONAL}}}

resource "google_compute_network" "it" {
  name                            = local.replaced ? "that" : "it"
  description                     = "the network under test"
  auto_create_subnetworks         = false
  routing_mode                    = local.updated ? "REGIONAL" : "GLOBAL"
  delete_default_routes_on_create = true
}
