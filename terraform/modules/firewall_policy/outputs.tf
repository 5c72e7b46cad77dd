output "id" {
  description = "projects/{project}/global/firewallPolicies/{name}, once it guards the network."
  value       = local.id
  depends_on  = [google_compute_network_firewall_policy_association.network, google_compute_network_firewall_policy_with_rules.policy]
}

output "rules" {
  description = "Names of the rules in force, in the order they are read, the closing denials last."
  value       = concat(local.order, [local.closing.INGRESS.name, local.closing.EGRESS.name])
}
