output "granted_values" {
  description = "What Google grants by name of the preference; below the preferred value while an increase is under review."
  value       = { for name, preference in google_cloud_quotas_quota_preference.preference : name => preference.quota_config[0].granted_value }
}
