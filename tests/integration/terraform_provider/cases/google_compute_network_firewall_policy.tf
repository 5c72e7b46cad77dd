# imports: [projects/rehearsal-project/global/firewallPolicies/it, rehearsal-project/it, it]
# drift: {PATCH: compute/v1/projects/rehearsal-project/global/firewallPolicies/it, body: {description: by hand}}

resource "google_compute_network_firewall_policy" "it" {
  name        = local.replaced ? "that" : "it"
  description = local.updated ? "another" : "one"
}
