module "identity" {
  source = "../../modules/service_identity"

  deletion_policy = local.deletion_policy
  description     = "Makes conversations: calls Gemini and Text-to-Speech, keeps text and audio."
  kubernetes      = var.kubernetes
  name            = var.name
  project_id      = var.project_id
  # Text-to-Speech has no role of its own: whoever may use the project's services may call it, and pays with its quota.
  project_roles = ["roles/serviceusage.serviceUsageConsumer"]
  signs_urls    = true
}

module "caches" {
  source = "../../modules/conversation_caches"

  cors_origins    = var.cors_origins
  deletion_policy = local.deletion_policy
  force_destroy   = !var.protect
  location        = var.region
  project_id      = var.project_id
  retention_days  = var.retention_days
  user            = module.identity.member
}

module "quotas" {
  source = "../../modules/quotas"

  contact_email = var.quotas_contact_email
  project_id    = var.project_id
  quotas = {
    for name, quota in var.speech_quotas : name => {
      service         = "texttospeech.googleapis.com"
      quota_id        = quota.quota_id
      dimensions      = {}
      preferred_value = quota.limit
      # A limit below what is used, or far below what Google gives, is what is meant here.
      ignore_safety_checks = "QUOTA_DECREASE_PERCENTAGE_TOO_HIGH"
      justification        = "Stops synthesis before it costs more than the budget of the month allows."
    }
  }
}
