locals {
  # Names of secondary ranges are those of their ranges: GKE is told "pods" and "services".
  subnetworks = {
    database = { description = "Private endpoints of MongoDB Atlas.", secondary = [] }
    private  = { description = "Nodes, pods and services of the cluster.", secondary = ["pods", "services"] }
    public   = { description = "DMZ: what the internet may reach over HTTPS.", secondary = [] }
  }
  subnetwork_ids = { for name in concat(keys(local.subnetworks), ["proxy"]) : name => "projects/${var.project_id}/regions/${var.region}/subnetworks/${var.name}-${name}" }
}

resource "google_compute_subnetwork" "subnetwork" {
  for_each = local.subnetworks

  name                     = "${var.name}-${each.key}"
  project                  = var.project_id
  deletion_policy          = var.deletion_policy
  network                  = google_compute_network.network.id
  region                   = var.region
  description              = each.value.description
  ip_cidr_range            = local.cidr_blocks[each.key]
  private_ip_google_access = true
  stack_type               = "IPV4_ONLY"

  # An emptied list of secondary ranges is sent as such: without this, taking the last one away would be silently left undone.
  send_secondary_ip_range_if_empty = true

  dynamic "secondary_ip_range" {
    for_each = each.value.secondary
    content {
      range_name    = secondary_ip_range.value
      ip_cidr_range = local.cidr_blocks[secondary_ip_range.value]
    }
  }

  # CIS Google Cloud 3.8.
  log_config {
    aggregation_interval = var.flow_logs.aggregation_interval
    filter_expr          = var.flow_logs.filter_expression
    flow_sampling        = var.flow_logs.flow_sampling
    metadata             = var.flow_logs.metadata
  }

  timeouts {
    delete = "20m"
  }
}

# Envoy proxies of regional load balancers live here and nothing else does. Google keeps no flow logs for it.
resource "google_compute_subnetwork" "proxy" {
  #checkov:skip=CKV_GCP_26:Flow logs are not supported on a proxy-only subnetwork.
  #checkov:skip=CKV_GCP_74:Private Google access is not supported on a proxy-only subnetwork.
  #checkov:skip=CKV_GCP_76:The subnetwork has no IPv6 range.
  name            = "${var.name}-proxy"
  project         = var.project_id
  deletion_policy = var.deletion_policy
  network         = google_compute_network.network.id
  region          = var.region
  description     = "Proxies of regional load balancers."
  ip_cidr_range   = local.cidr_blocks.proxy
  purpose         = "REGIONAL_MANAGED_PROXY"
  role            = "ACTIVE"

  timeouts {
    delete = "20m"
  }
}
