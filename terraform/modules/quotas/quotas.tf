# Google keeps a preference for ever: destroying it here leaves the granted value. Set it back before, if that matters.
resource "google_cloud_quotas_quota_preference" "preference" {
  for_each = var.quotas

  parent               = "projects/${var.project_id}"
  name                 = each.key
  service              = each.value.service
  quota_id             = each.value.quota_id
  dimensions           = each.value.dimensions
  contact_email        = var.contact_email
  ignore_safety_checks = each.value.ignore_safety_checks
  justification        = each.value.justification

  quota_config {
    preferred_value = tostring(each.value.preferred_value)
  }

  lifecycle {
    # Google never answers with the address, so that it would differ for ever.
    ignore_changes = [contact_email]
  }
}
