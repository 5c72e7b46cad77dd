resource "mongodbatlas_project" "this" {
  name                         = var.project_id
  org_id                       = var.organization_id
  tags                         = merge(var.labels, { root = "database" })
  with_default_alerts_settings = true
}

module "cluster" {
  source = "../../modules/atlas_cluster"

  access                 = var.access
  backup                 = var.backup
  cluster                = var.cluster
  labels                 = merge(var.labels, { root = "database" })
  project_id             = mongodbatlas_project.this.id
  termination_protection = local.termination_protection
  users                  = var.users
  user_passwords         = var.user_passwords
}
