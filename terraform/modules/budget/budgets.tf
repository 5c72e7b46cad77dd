resource "google_billing_budget" "budget" {
  for_each = var.budgets

  billing_account = var.billing_account
  deletion_policy = var.deletion_policy
  display_name    = each.key

  amount {
    specified_amount {
      currency_code = each.value.currency
      units         = tostring(each.value.amount)
    }
  }

  budget_filter {
    calendar_period        = each.value.calendar_period
    credit_types_treatment = "INCLUDE_ALL_CREDITS"
    projects               = ["projects/${var.project_number}"]
    services               = length(each.value.services) == 0 ? null : sort(each.value.services)
  }

  dynamic "threshold_rules" {
    for_each = each.value.thresholds.current
    content {
      spend_basis       = "CURRENT_SPEND"
      threshold_percent = threshold_rules.value
    }
  }

  dynamic "threshold_rules" {
    for_each = each.value.thresholds.forecast
    content {
      spend_basis       = "FORECASTED_SPEND"
      threshold_percent = threshold_rules.value
    }
  }

  all_updates_rule {
    # Billing administrators hear of it whatever the channels are.
    disable_default_iam_recipients   = false
    enable_project_level_recipients  = true
    monitoring_notification_channels = [for channel in sort(each.value.notification_channels) : var.notification_channel_ids[channel]]
    pubsub_topic                     = local.topic_id
    schema_version                   = "1.0"
  }

  depends_on = [google_pubsub_topic.topic, google_pubsub_topic_iam_member.publisher]
}
