output "addresses" {
  description = "IPv4 addresses that the network is seen from, for allow lists."
  value       = [for address in google_compute_address.nat : address.address]
  depends_on  = [google_compute_router_nat.nat]
}

output "router_id" {
  description = "projects/{project}/regions/{region}/routers/{name}-router, once the NAT is on it."
  value       = local.router_id
  depends_on  = [google_compute_router_nat.nat]
}
