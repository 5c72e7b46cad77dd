# imports: ["billingAccounts/01D165-CA11AB-1E0001/budgets/{name}", "01D165-CA11AB-1E0001/{name}"]
# variables: {override: true}

resource "google_billing_budget" "it" {
  billing_account = local.billing_account
  display_name    = local.updated ? "another" : "one"

  budget_filter {
    projects               = ["projects/${local.project_number}"]
    credit_types_treatment = "EXCLUDE_ALL_CREDITS"
    calendar_period        = "MONTH"
  }
  amount {
    specified_amount {
      currency_code = "USD"
      units         = local.updated ? "200" : "100"
    }
  }
  threshold_rules {
    threshold_percent = 0.5
  }
  threshold_rules {
    threshold_percent = 1
    spend_basis       = "FORECASTED_SPEND"
  }
  all_updates_rule {
    pubsub_topic                   = google_pubsub_topic.alerts.id
    disable_default_iam_recipients = local.updated
  }
}

resource "google_pubsub_topic" "alerts" {
  name = "alerts"
}
