output "cidr_blocks" {
  description = "IPv4 block of each range: database, pods, private, proxy, public, services."
  value       = local.cidr_blocks
}

output "id" {
  description = "projects/{project}/global/networks/{name}, once its routes are there."
  value       = local.id
  depends_on  = [google_compute_network.network, google_compute_route.route]
}

output "name" {
  description = "Name of the network."
  value       = var.name
  depends_on  = [google_compute_network.network, google_compute_route.route]
}

output "self_link" {
  description = "URL of the network."
  value       = google_compute_network.network.self_link
  depends_on  = [google_compute_route.route]
}

output "subnetworks" {
  description = "id, name and cidr_block of each subnetwork: database, private, proxy, public."
  value = {
    for name, id in local.subnetwork_ids : name => {
      cidr_block = local.cidr_blocks[name]
      id         = id
      name       = "${var.name}-${name}"
    }
  }
  depends_on = [google_compute_subnetwork.proxy, google_compute_subnetwork.subnetwork]
}
