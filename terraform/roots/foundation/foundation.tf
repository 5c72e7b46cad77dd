module "notification_channels" {
  source = "../../modules/notification_channels"

  channels        = var.notification_channels
  deletion_policy = local.deletion_policy
  force_delete    = !var.protect
  labels          = merge(var.labels, { root = "foundation" })
  project_id      = var.project_id
}

module "budget" {
  source = "../../modules/budget"

  billing_account          = var.billing_account
  budgets                  = var.budgets
  deletion_policy          = local.deletion_policy
  notification_channel_ids = module.notification_channels.ids
  project_id               = var.project_id
  project_number           = var.project_number
  region                   = var.region
  topic                    = var.budget_topic
}

module "contacts" {
  source = "../../modules/contacts"

  contacts        = var.contacts
  deletion_policy = local.deletion_policy
  project_id      = var.project_id
}

module "quotas" {
  source = "../../modules/quotas"

  contact_email = var.quotas_contact_email
  project_id    = var.project_id
  quotas        = var.quotas
}
