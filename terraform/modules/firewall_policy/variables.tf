variable "context" {
  description = "What the tokens of rules stand for: $ranges:{name} and $fqdns:{name}."
  type = object({
    fqdns  = optional(map(set(string)), {})
    ranges = optional(map(set(string)), {})
  })
  default  = {}
  nullable = false
}

variable "deletion_policy" {
  description = "PREVENT: Terraform refuses to delete. DELETE: it may."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Name of the policy."
  type        = string
  nullable    = false
}

variable "network_id" {
  description = "Network that the policy guards."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project that holds the policy."
  type        = string
  nullable    = false
}

variable "rules" {
  description = "Rules by name, as rules.schema.json describes them. Two denials with logging are added after the last one, and a rule whose source or destination is narrowed to an empty set is left out."
  type = map(object({
    action                  = string
    description             = string
    direction               = string
    priority                = number
    destination_fqdns       = optional(set(string), [])
    destination_ranges      = optional(set(string), [])
    layer4                  = optional(map(set(string)), { all = [] })
    log                     = optional(bool, false)
    source_fqdns            = optional(set(string), [])
    source_ranges           = optional(set(string), [])
    target_service_accounts = optional(set(string), [])
  }))
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.rules) : can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", name))])
    error_message = "The firewall rules have the name ${join(", ", [for name in keys(var.rules) : "\"${name}\"" if !can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", name))])}; allowed: up to 63 of a-z, 0-9 and -, a letter first, no - last."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : contains(["allow", "deny", "goto_next"], rule.action)])
    error_message = "The firewall rules have ${join(", ", [for name, rule in var.rules : "${name}.action = \"${rule.action}\"" if !contains(["allow", "deny", "goto_next"], rule.action)])}; allowed: allow, deny, goto_next."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : contains(["INGRESS", "EGRESS"], rule.direction)])
    error_message = "The firewall rules have ${join(", ", [for name, rule in var.rules : "${name}.direction = \"${rule.direction}\"" if !contains(["INGRESS", "EGRESS"], rule.direction)])}; allowed: INGRESS, EGRESS."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : rule.priority >= 1 && rule.priority < 2000000000 && floor(rule.priority) == rule.priority])
    error_message = "The firewall rules have ${join(", ", [for name, rule in var.rules : "${name}.priority = ${rule.priority}" if rule.priority < 1 || rule.priority >= 2000000000 || floor(rule.priority) != rule.priority])}; allowed: whole numbers from 1 to 1999999999, because the closing denials come after."
  }

  validation {
    condition     = length(distinct([for rule in values(var.rules) : rule.priority])) == length(var.rules)
    error_message = "The firewall rules share a priority: ${join(", ", [for name, rule in var.rules : "${name}.priority = ${rule.priority}" if length([for other in values(var.rules) : other if other.priority == rule.priority]) > 1])}; allowed: one rule for each priority."
  }

  # A misspelt key is dropped by Terraform without a word: a rule that lost its only source would let everybody in.
  validation {
    condition     = alltrue([for rule in values(var.rules) : length(rule.direction == "INGRESS" ? setunion(rule.source_ranges, rule.source_fqdns) : setunion(rule.destination_ranges, rule.destination_fqdns)) > 0])
    error_message = "The firewall rules leave the far side open in ${join(", ", [for name, rule in var.rules : name if length(rule.direction == "INGRESS" ? setunion(rule.source_ranges, rule.source_fqdns) : setunion(rule.destination_ranges, rule.destination_fqdns)) == 0])}; allowed: source_ranges or source_fqdns for INGRESS, destination_ranges or destination_fqdns for EGRESS (0.0.0.0/0 for everybody)."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : length(rule.direction == "INGRESS" ? rule.destination_fqdns : rule.source_fqdns) == 0])
    error_message = "The firewall rules match their own side by host name in ${join(", ", [for name, rule in var.rules : name if length(rule.direction == "INGRESS" ? rule.destination_fqdns : rule.source_fqdns) > 0])}; allowed: source_fqdns for INGRESS, destination_fqdns for EGRESS."
  }

  validation {
    condition     = alltrue([for entry in flatten([for rule in values(var.rules) : concat(tolist(rule.source_ranges), tolist(rule.destination_ranges))]) : can(cidrnetmask(entry)) || contains([for name in keys(var.context.ranges) : "$ranges:${name}"], entry)])
    error_message = "The firewall rules have the range ${join(", ", [for entry in flatten([for rule in values(var.rules) : concat(tolist(rule.source_ranges), tolist(rule.destination_ranges))]) : "\"${entry}\"" if !(can(cidrnetmask(entry)) || contains([for name in keys(var.context.ranges) : "$ranges:${name}"], entry))])}; allowed: IPv4 ranges such as 203.0.113.0/24, and ${join(", ", [for name in keys(var.context.ranges) : "$ranges:${name}"])}."
  }

  validation {
    condition     = alltrue([for entry in flatten([for rule in values(var.rules) : concat(tolist(rule.source_fqdns), tolist(rule.destination_fqdns))]) : can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]{2,}$", entry)) || contains([for name in keys(var.context.fqdns) : "$fqdns:${name}"], entry)])
    error_message = "The firewall rules have the host name ${join(", ", [for entry in flatten([for rule in values(var.rules) : concat(tolist(rule.source_fqdns), tolist(rule.destination_fqdns))]) : "\"${entry}\"" if !(can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]{2,}$", entry)) || contains([for name in keys(var.context.fqdns) : "$fqdns:${name}"], entry))])}; allowed: full lower-case host names without wildcard or final dot, and ${join(", ", [for name in keys(var.context.fqdns) : "$fqdns:${name}"])}."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : length(rule.layer4) > 0 && length(setsubtract(keys(rule.layer4), ["all", "tcp", "udp", "icmp", "esp", "ah", "sctp", "ipip"])) == 0])
    error_message = "The firewall rules have ${join(", ", [for name, rule in var.rules : "${name}.layer4 = {${join(", ", keys(rule.layer4))}}" if length(rule.layer4) == 0 || length(setsubtract(keys(rule.layer4), ["all", "tcp", "udp", "icmp", "esp", "ah", "sctp", "ipip"])) > 0])}; allowed: one or more of all, tcp, udp, icmp, esp, ah, sctp, ipip."
  }

  validation {
    condition     = alltrue(flatten([for rule in values(var.rules) : [for protocol, ports in rule.layer4 : length(ports) == 0 || (contains(["tcp", "udp", "sctp"], protocol) && alltrue([for port in ports : can(regex("^[0-9]{1,5}(-[0-9]{1,5})?$", port)) && alltrue([for end in split("-", port) : try(tonumber(end) <= 65535, false)])]))]]))
    error_message = "The firewall rules have the ports ${join(", ", flatten([for name, rule in var.rules : [for protocol, ports in rule.layer4 : "${name}.layer4.${protocol} = [${join(", ", ports)}]" if !(length(ports) == 0 || (contains(["tcp", "udp", "sctp"], protocol) && alltrue([for port in ports : can(regex("^[0-9]{1,5}(-[0-9]{1,5})?$", port)) && alltrue([for end in split("-", port) : try(tonumber(end) <= 65535, false)])])))]]))}; allowed: ports 0 to 65535 or spans such as 8000-8080, of tcp, udp and sctp."
  }

  # CIS Google Cloud 3.6 and 3.7: neither SSH nor RDP, nor anything else that is not the web, from the internet.
  validation {
    condition     = alltrue([for rule in values(var.rules) : !(rule.direction == "INGRESS" && rule.action == "allow" && contains(rule.source_ranges, "0.0.0.0/0")) || alltrue([for protocol, ports in rule.layer4 : protocol == "tcp" && length(ports) > 0 && length(setsubtract(ports, ["80", "443"])) == 0])])
    error_message = "The firewall rules open more than the web to the internet in ${join(", ", [for name, rule in var.rules : name if rule.direction == "INGRESS" && rule.action == "allow" && contains(rule.source_ranges, "0.0.0.0/0") && !alltrue([for protocol, ports in rule.layer4 : protocol == "tcp" && length(ports) > 0 && length(setsubtract(ports, ["80", "443"])) == 0])])}; allowed from 0.0.0.0/0: tcp 80 and 443."
  }

  validation {
    condition     = alltrue([for account in flatten([for rule in values(var.rules) : tolist(rule.target_service_accounts)]) : can(regex("^[a-z0-9-]+@[a-z0-9.-]+[.]gserviceaccount[.]com$", account))])
    error_message = "The firewall rules have the target ${join(", ", [for account in flatten([for rule in values(var.rules) : tolist(rule.target_service_accounts)]) : "\"${account}\"" if !can(regex("^[a-z0-9-]+@[a-z0-9.-]+[.]gserviceaccount[.]com$", account))])}; allowed: mail addresses of service accounts, ending in gserviceaccount.com."
  }
}
