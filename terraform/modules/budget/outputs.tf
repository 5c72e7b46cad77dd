output "budget_ids" {
  description = "billingAccounts/{account}/budgets/{id} by name; Google makes the id up."
  value       = { for name, budget in google_billing_budget.budget : name => budget.id }
}

output "topic_id" {
  description = "projects/{project}/topics/{name}, once Cloud Billing may publish to it."
  value       = local.topic_id
  depends_on  = [google_pubsub_topic.topic, google_pubsub_topic_iam_member.publisher]
}
