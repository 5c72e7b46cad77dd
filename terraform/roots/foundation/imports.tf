import {
  for_each = var.quotas_adopted

  to = module.quotas.google_cloud_quotas_quota_preference.preference[each.key]
  id = "projects/${var.project_id}/locations/global/quotaPreferences/${each.key}"
}
