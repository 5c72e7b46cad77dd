# imports: [projects/rehearsal-project/global/firewallPolicies/policy/rules/1000, rehearsal-project/policy/1000, policy/1000]
# drift: {POST: "compute/v1/projects/rehearsal-project/global/firewallPolicies/policy/patchRule?priority=1000", body: {priority: 1000, description: by hand}}

resource "google_compute_network_firewall_policy" "policy" {
  name = "policy"
}

resource "google_compute_network_firewall_policy_rule" "it" {
  firewall_policy = google_compute_network_firewall_policy.policy.name
  priority        = local.replaced ? 2000 : 1000
  rule_name       = "web"
  description     = local.updated ? "another" : "one"
  direction       = "INGRESS"
  action          = local.updated ? "deny" : "allow"
  enable_logging  = true

  match {
    src_ip_ranges = local.updated ? ["10.0.0.0/8", "192.168.0.0/16"] : ["10.0.0.0/8"]
    layer4_configs {
      ip_protocol = "tcp"
      ports       = ["443"]
    }
  }
}
