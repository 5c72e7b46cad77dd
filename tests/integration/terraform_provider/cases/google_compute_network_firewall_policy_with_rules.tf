# imports: [projects/rehearsal-project/global/firewallPolicies/it, rehearsal-project/it, it]

resource "google_compute_network_firewall_policy_with_rules" "it" {
  name        = local.replaced ? "that" : "it"
  description = "rules in one place"

  rule {
    priority       = 1000
    rule_name      = "web"
    description    = local.updated ? "another" : "one"
    direction      = "INGRESS"
    action         = "allow"
    enable_logging = true
    match {
      src_ip_ranges = ["10.0.0.0/8"]
      layer4_config {
        ip_protocol = "tcp"
        ports       = ["443"]
      }
    }
  }
  dynamic "rule" {
    for_each = local.updated ? [2000] : []
    content {
      priority       = rule.value
      direction      = "EGRESS"
      action         = "deny"
      enable_logging = false
      match {
        dest_ip_ranges = ["0.0.0.0/0"]
        layer4_config {
          ip_protocol = "all"
        }
      }
    }
  }
}
