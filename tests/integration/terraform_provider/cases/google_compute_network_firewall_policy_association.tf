# imports: [projects/rehearsal-project/global/firewallPolicies/policy/associations/it, rehearsal-project/policy/it, policy/it]
# not_imported: [firewall_policy]
# unchangeable: true

resource "google_compute_network" "net" {
  name                    = "net"
  auto_create_subnetworks = false
}

resource "google_compute_network_firewall_policy" "policy" {
  name = "policy"
}

resource "google_compute_network_firewall_policy_association" "it" {
  name              = local.replaced ? "that" : "it"
  firewall_policy   = google_compute_network_firewall_policy.policy.id
  attachment_target = google_compute_network.net.id
}
