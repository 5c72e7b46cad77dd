module "cluster" {
  source = "../../modules/cluster"

  autoscaling_profile  = var.autoscaling_profile
  deletion_policy      = local.deletion_policy
  kms_key_id           = var.kms_key_id
  labels               = merge(var.labels, { root = "cluster" })
  maintenance          = var.maintenance
  name                 = var.name
  network_id           = "projects/${var.project_id}/global/networks/${var.network}"
  node_service_account = module.node_identity.email
  project_id           = var.project_id
  project_number       = var.project_number
  protect              = var.protect
  region               = var.region
  release_channel      = var.release_channel
  secondary_ranges     = var.secondary_ranges
  security_group       = var.security_group
  subnetwork_id        = "projects/${var.project_id}/regions/${var.region}/subnetworks/${var.subnetwork}"
  zones                = var.zones
}

module "node_identity" {
  source = "../../modules/node_identity"

  deletion_policy = local.deletion_policy
  name            = "${var.name}-nodes"
  project_id      = var.project_id
  repositories    = var.repositories
}

module "node_pools" {
  source   = "../../modules/node_pool"
  for_each = var.node_pools

  autoscaling     = each.value.autoscaling
  cluster         = module.cluster.name
  deletion_policy = local.deletion_policy
  disk            = each.value.disk
  labels          = each.value.labels
  location        = module.cluster.location
  machine_type    = each.value.machine_type
  name            = each.key
  project_id      = var.project_id
  service_account = module.node_identity.email
  spot            = each.value.spot
  taints          = each.value.taints
  zones           = var.zones
}
