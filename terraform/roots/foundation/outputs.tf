output "budget_ids" {
  description = "billingAccounts/{account}/budgets/{id} by budget."
  value       = module.budget.budget_ids
}

output "budget_topic_id" {
  description = "projects/{project}/topics/{name} that every budget reports to."
  value       = module.budget.topic_id
}

output "contact_ids" {
  description = "Id of the essential contact by mail address."
  value       = module.contacts.ids
}

output "notification_channel_ids" {
  description = "projects/{project}/notificationChannels/{id} by display name."
  value       = module.notification_channels.ids
}

output "quota_granted_values" {
  description = "What Google grants by quota preference; below the preferred value while an increase is under review."
  value       = module.quotas.granted_values
}
