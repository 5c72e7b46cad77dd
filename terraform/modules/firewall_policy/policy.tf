locals {
  id = "projects/${var.project_id}/global/firewallPolicies/${var.name}"

  # A token stands for a set of ranges or host names; anything else stands for itself.
  tokens = merge(
    { for name, ranges in var.context.ranges : "$ranges:${name}" => ranges },
    { for name, fqdns in var.context.fqdns : "$fqdns:${name}" => fqdns },
  )
  matches = {
    for name, rule in var.rules : name => {
      destination_fqdns  = flatten([for entry in rule.destination_fqdns : tolist(lookup(local.tokens, entry, [entry]))])
      destination_ranges = flatten([for entry in rule.destination_ranges : tolist(lookup(local.tokens, entry, [entry]))])
      source_fqdns       = flatten([for entry in rule.source_fqdns : tolist(lookup(local.tokens, entry, [entry]))])
      source_ranges      = flatten([for entry in rule.source_ranges : tolist(lookup(local.tokens, entry, [entry]))])
    }
  }

  # A side that was narrowed to an empty set allows nobody. Google would read it as everybody, so the rule is left out.
  used = [
    for name, rule in var.rules : name
    if(length(rule.source_fqdns) + length(rule.source_ranges) == 0 || length(local.matches[name].source_fqdns) + length(local.matches[name].source_ranges) > 0)
    && (length(rule.destination_fqdns) + length(rule.destination_ranges) == 0 || length(local.matches[name].destination_fqdns) + length(local.matches[name].destination_ranges) > 0)
  ]

  # Google answers with the rules by priority: any other order would be a difference for ever.
  order = [for entry in sort([for name in local.used : format("%010d/%s", var.rules[name].priority, name)]) : split("/", entry)[1]]

  closing = {
    INGRESS = { name = "deny-ingress", priority = 2000000000, description = "Whatever no rule above lets in stays out." }
    EGRESS  = { name = "deny-egress", priority = 2000000001, description = "Whatever no rule above lets out stays in." }
  }
}

resource "google_compute_network_firewall_policy_with_rules" "policy" {
  name            = var.name
  project         = var.project_id
  deletion_policy = var.deletion_policy
  description     = "Who may reach whom; ends with a denial in both directions."

  dynamic "rule" {
    for_each = local.order
    content {
      rule_name               = rule.value
      description             = var.rules[rule.value].description
      action                  = var.rules[rule.value].action
      direction               = var.rules[rule.value].direction
      enable_logging          = var.rules[rule.value].log
      priority                = var.rules[rule.value].priority
      target_service_accounts = length(var.rules[rule.value].target_service_accounts) == 0 ? null : sort(var.rules[rule.value].target_service_accounts)

      match {
        dest_fqdns     = length(local.matches[rule.value].destination_fqdns) == 0 ? null : sort(distinct(local.matches[rule.value].destination_fqdns))
        dest_ip_ranges = length(local.matches[rule.value].destination_ranges) == 0 ? null : sort(distinct(local.matches[rule.value].destination_ranges))
        src_fqdns      = length(local.matches[rule.value].source_fqdns) == 0 ? null : sort(distinct(local.matches[rule.value].source_fqdns))
        src_ip_ranges  = length(local.matches[rule.value].source_ranges) == 0 ? null : sort(distinct(local.matches[rule.value].source_ranges))

        dynamic "layer4_config" {
          for_each = var.rules[rule.value].layer4
          content {
            ip_protocol = layer4_config.key
            ports       = length(layer4_config.value) == 0 ? null : sort(layer4_config.value)
          }
        }
      }
    }
  }

  # Not part of the rules that an environment writes, so that none can leave them out.
  dynamic "rule" {
    for_each = ["INGRESS", "EGRESS"]
    content {
      rule_name      = local.closing[rule.value].name
      description    = local.closing[rule.value].description
      action         = "deny"
      direction      = rule.value
      enable_logging = true
      priority       = local.closing[rule.value].priority

      match {
        dest_ip_ranges = rule.value == "EGRESS" ? ["0.0.0.0/0"] : null
        src_ip_ranges  = rule.value == "INGRESS" ? ["0.0.0.0/0"] : null

        layer4_config {
          ip_protocol = "all"
        }
      }
    }
  }
}

resource "google_compute_network_firewall_policy_association" "network" {
  name              = var.name
  project           = var.project_id
  deletion_policy   = var.deletion_policy
  attachment_target = var.network_id
  firewall_policy   = google_compute_network_firewall_policy_with_rules.policy.name
}
