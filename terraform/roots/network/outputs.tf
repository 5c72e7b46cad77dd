output "cidr_blocks" {
  description = "IPv4 block of each range: database, pods, private, proxy, public, services."
  value       = module.network.cidr_blocks
}

output "dns_policy_id" {
  description = "Id of the DNS policy."
  value       = module.dns.policy_id
}

output "dns_zone_ids" {
  description = "Id of the private zone by domain of Google's."
  value       = module.dns.zone_ids
}

output "firewall_policy_id" {
  description = "Id of the firewall policy, once it guards the network."
  value       = module.firewall_policy.id
}

output "firewall_rules" {
  description = "Names of the firewall rules in force, in the order they are read."
  value       = module.firewall_policy.rules
}

output "nat_addresses" {
  description = "IPv4 addresses that the network is seen from, for allow lists such as MongoDB Atlas's."
  value       = module.nat.addresses
}

output "network_id" {
  description = "projects/{project}/global/networks/{name}."
  value       = module.network.id
}

output "network_name" {
  description = "Name of the network."
  value       = module.network.name
}

output "network_self_link" {
  description = "URL of the network."
  value       = module.network.self_link
}

output "public_addresses" {
  description = "address and name (of the address resource) by service with a load balancer of its own."
  value       = module.public_names.addresses
}

output "public_name_servers" {
  description = "Name servers that the parent of public_domain must delegate to."
  value       = module.public_names.name_servers
}

output "public_zone" {
  description = "Name of the public zone."
  value       = module.public_names.zone_name
}

output "router_id" {
  description = "Id of the router that carries the NAT."
  value       = module.nat.router_id
}

output "secondary_ranges" {
  description = "Names of the private subnetwork's secondary ranges, as a cluster's ip_allocation_policy is told them."
  value       = { pods = "pods", services = "services" }
}

output "subnetworks" {
  description = "id, name and cidr_block of each subnetwork: database, private, proxy, public."
  value       = module.network.subnetworks
}
