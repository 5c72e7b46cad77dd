locals {
  cidr_blocks = { for name, range in var.ranges : name => cidrsubnet(var.cidr_block, range.newbits, range.netnum) }
  id          = "projects/${var.project_id}/global/networks/${var.name}"
}

resource "google_compute_network" "network" {
  #checkov:skip=CKV2_GCP_18:The network is guarded by a network firewall policy (modules/firewall_policy), which the check does not know.
  name            = var.name
  project         = var.project_id
  deletion_policy = var.deletion_policy
  description     = "Network of the ${var.environment} environment, cut from ${var.cidr_block}."

  # CIS Google Cloud 3.1 and 3.2: no subnets and no way out but those written down.
  auto_create_subnetworks         = false
  delete_default_routes_on_create = true
  routing_mode                    = "REGIONAL"

  # GKE writes its own classic rules for nodes and load balancers. They are read first, so that the firewall policy's closing denials do not cut them off.
  network_firewall_policy_enforcement_order = "AFTER_CLASSIC_FIREWALL"

  timeouts {
    # What GKE leaves behind (endpoint groups, firewall rules) goes minutes after the cluster.
    delete = "20m"
  }
}
