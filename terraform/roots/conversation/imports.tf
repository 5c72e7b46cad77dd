import {
  for_each = var.speech_quotas_adopted

  to = module.quotas.google_cloud_quotas_quota_preference.preference[each.value]
  id = "projects/${var.project_id}/locations/global/quotaPreferences/${each.value}"
}
