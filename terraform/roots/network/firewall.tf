module "firewall_policy" {
  source = "../../modules/firewall_policy"

  deletion_policy = local.deletion_policy
  name            = var.name
  network_id      = module.network.id
  project_id      = var.project_id
  rules           = merge(yamldecode(file("${path.module}/firewall.yaml")), var.firewall_rules)
  context = {
    fqdns = {
      atlas  = var.atlas.fqdns
      egress = var.egress_fqdns
    }
    ranges = merge({ for name, block in module.network.cidr_blocks : name => [block] }, {
      atlas = var.atlas.cidr_blocks
      # https://cloud.google.com/vpc/docs/configure-private-google-access#domain-options
      google_apis = ["199.36.153.8/30"]
      # https://cloud.google.com/load-balancing/docs/health-checks#fw-rule
      health_checks = ["130.211.0.0/22", "35.191.0.0/16"]
    })
  }
}
