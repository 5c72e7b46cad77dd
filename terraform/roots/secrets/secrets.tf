module "secrets" {
  source = "../../modules/secrets"

  deletion_policy    = local.deletion_policy
  destroy_delay_days = var.destroy_delay_days
  locations          = coalesce(var.locations, [var.region])
  project_id         = var.project_id
  secrets            = var.secrets
  values             = var.secret_values
}
