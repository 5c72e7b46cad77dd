module "network" {
  source = "../../modules/network"

  cidr_block      = var.cidr_block
  deletion_policy = local.deletion_policy
  environment     = var.environment
  flow_logs       = var.flow_logs
  name            = var.name
  project_id      = var.project_id
  ranges          = var.ranges
  region          = var.region
}

module "nat" {
  source = "../../modules/nat"

  addresses        = var.nat.addresses
  deletion_policy  = local.deletion_policy
  log_filter       = var.nat.log_filter
  max_ports_per_vm = var.nat.max_ports_per_vm
  min_ports_per_vm = var.nat.min_ports_per_vm
  name             = var.name
  network_id       = module.network.id
  project_id       = var.project_id
  region           = var.region
  subnetworks = {
    private = { id = module.network.subnetworks.private.id, secondary_ranges = ["pods"] }
  }
}

module "dns" {
  source = "../../modules/dns"

  deletion_policy    = local.deletion_policy
  force_destroy      = !var.protect
  google_api_domains = ["gcr.io", "googleapis.com", "pkg.dev"]
  name               = var.name
  network_id         = module.network.id
  project_id         = var.project_id
}

module "public_names" {
  source = "../../modules/public_names"

  deletion_policy = local.deletion_policy
  domain          = var.public_domain
  force_destroy   = !var.protect
  name            = var.name
  project_id      = var.project_id
  region          = var.region
  services        = var.public_services
}
