module "repositories" {
  source = "../../modules/image_repositories"

  cleanup         = var.cleanup
  deletion_policy = local.deletion_policy
  project_id      = var.project_id
  project_number  = var.project_number
  repositories    = var.repositories
  scanning        = var.scanning
}
