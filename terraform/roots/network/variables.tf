variable "atlas" {
  description = "Where MongoDB Atlas answers outside the network: public ranges and host names of its nodes. Empty while the only way is the private endpoint, which lives in the database range and is always allowed."
  type = object({
    cidr_blocks = optional(set(string), [])
    fqdns       = optional(set(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for block in var.atlas.cidr_blocks : can(cidrnetmask(block)) && try(cidrsubnet(block, 0, 0) == block, false) && try(tonumber(split("/", block)[1]) >= 8, false)])
    error_message = "atlas.cidr_blocks has ${join(", ", [for block in var.atlas.cidr_blocks : "\"${block}\"" if !(can(cidrnetmask(block)) && try(cidrsubnet(block, 0, 0) == block, false) && try(tonumber(split("/", block)[1]) >= 8, false))])}; allowed: IPv4 ranges of /8 to /32 without host bits, such as 203.0.113.0/28."
  }

  validation {
    condition     = alltrue([for name in var.atlas.fqdns : can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]{2,}$", name))])
    error_message = "atlas.fqdns has ${join(", ", [for name in var.atlas.fqdns : "\"${name}\"" if !can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]{2,}$", name))])}; allowed: full lower-case host names without wildcard or final dot."
  }
}

variable "cidr_block" {
  description = "The /16 that every range of the network is cut from."
  type        = string
  nullable    = false

  validation {
    condition     = can(cidrnetmask(var.cidr_block)) && endswith(var.cidr_block, "/16") && try(cidrsubnet(var.cidr_block, 0, 0) == var.cidr_block, false)
    error_message = "cidr_block is \"${var.cidr_block}\"; allowed: an IPv4 /16 without host bits, such as 10.20.0.0/16."
  }

  validation {
    condition     = can(regex("^(10[.][0-9]+|172[.](1[6-9]|2[0-9]|3[01])|192[.]168)[.]", var.cidr_block))
    error_message = "cidr_block is \"${var.cidr_block}\"; allowed: a /16 of the private ranges 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16 (RFC 1918)."
  }
}

variable "egress_fqdns" {
  description = "Host names outside Google that services may reach over HTTPS, through the NAT. Everything else outside is denied."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.egress_fqdns : can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]{2,}$", name))])
    error_message = "egress_fqdns has ${join(", ", [for name in var.egress_fqdns : "\"${name}\"" if !can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]{2,}$", name))])}; allowed: full lower-case host names without wildcard or final dot."
  }
}

variable "firewall_rules" {
  description = "Rules of this environment, added to those of firewall.yaml by name; the same name replaces. Tokens such as $ranges:private stand for ranges; see modules/firewall_policy."
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
  default  = {}
  nullable = false
}

variable "flow_logs" {
  description = "Flow logs of every subnet that has them (Google keeps none for proxy-only ones). flow_sampling: share of flows, above 0 up to 1."
  type = object({
    aggregation_interval = optional(string, "INTERVAL_5_SEC")
    filter_expression    = optional(string, "true")
    flow_sampling        = optional(number, 0.5)
    metadata             = optional(string, "INCLUDE_ALL_METADATA")
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["INTERVAL_5_SEC", "INTERVAL_30_SEC", "INTERVAL_1_MIN", "INTERVAL_5_MIN", "INTERVAL_10_MIN", "INTERVAL_15_MIN"], var.flow_logs.aggregation_interval)
    error_message = "flow_logs.aggregation_interval is \"${var.flow_logs.aggregation_interval}\"; allowed: INTERVAL_5_SEC, INTERVAL_30_SEC, INTERVAL_1_MIN, INTERVAL_5_MIN, INTERVAL_10_MIN, INTERVAL_15_MIN."
  }

  validation {
    condition     = var.flow_logs.flow_sampling > 0 && var.flow_logs.flow_sampling <= 1
    error_message = "flow_logs.flow_sampling is ${var.flow_logs.flow_sampling}; allowed: above 0 up to 1 (flow logs cannot be switched off, CIS Google Cloud 3.8)."
  }

  validation {
    condition     = contains(["INCLUDE_ALL_METADATA", "EXCLUDE_ALL_METADATA"], var.flow_logs.metadata)
    error_message = "flow_logs.metadata is \"${var.flow_logs.metadata}\"; allowed: INCLUDE_ALL_METADATA, EXCLUDE_ALL_METADATA."
  }
}

variable "name" {
  description = "Name of the network and stem of the names of all that is in it."
  type        = string
  default     = "crm"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", var.name))
    error_message = "name is \"${var.name}\"; allowed: up to 40 of a-z, 0-9 and -, a letter first, no - last."
  }
}

variable "nat" {
  description = "Cloud NAT. addresses: how many reserved public addresses (the far side's allow lists name them). Ports for one virtual machine grow on demand from min_ports_per_vm to max_ports_per_vm."
  type = object({
    addresses        = optional(number, 2)
    log_filter       = optional(string, "ERRORS_ONLY")
    max_ports_per_vm = optional(number, 4096)
    min_ports_per_vm = optional(number, 64)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.nat.addresses >= 1 && var.nat.addresses <= 16 && floor(var.nat.addresses) == var.nat.addresses
    error_message = "nat.addresses is ${var.nat.addresses}; allowed: whole numbers from 1 to 16."
  }

  validation {
    condition     = contains(["ERRORS_ONLY", "TRANSLATIONS_ONLY", "ALL"], var.nat.log_filter)
    error_message = "nat.log_filter is \"${var.nat.log_filter}\"; allowed: ERRORS_ONLY, TRANSLATIONS_ONLY, ALL."
  }

  validation {
    condition     = contains([for exponent in range(5, 16) : pow(2, exponent)], var.nat.min_ports_per_vm)
    error_message = "nat.min_ports_per_vm is ${var.nat.min_ports_per_vm}; allowed: powers of two from 32 to 32768."
  }

  validation {
    condition     = contains([for exponent in range(6, 17) : pow(2, exponent)], var.nat.max_ports_per_vm) && var.nat.max_ports_per_vm > var.nat.min_ports_per_vm
    error_message = "nat.max_ports_per_vm is ${var.nat.max_ports_per_vm}; allowed: powers of two from 64 to 65536 above min_ports_per_vm, ${var.nat.min_ports_per_vm}."
  }
}

variable "public_domain" {
  description = "Domain of the public zone, without a final dot, such as dev.crm.presidential-digs.example. Its parent must delegate to the zone's name servers."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])+[a-z]{2,}$", var.public_domain))
    error_message = "public_domain is \"${var.public_domain}\"; allowed: a full lower-case domain without wildcard or final dot."
  }
}

variable "public_services" {
  description = "Services that have a load balancer of their own: by service the label of its name in public_domain. An address is reserved for each."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in concat(keys(var.public_services), values(var.public_services)) : can(regex("^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", name))])
    error_message = "public_services has ${join(", ", [for name in concat(keys(var.public_services), values(var.public_services)) : "\"${name}\"" if !can(regex("^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", name))])}; allowed: up to 40 of a-z, 0-9 and -, a letter first, no - last."
  }
}

variable "ranges" {
  description = "How the /16 is cut, as in cidrsubnet(cidr_block, newbits, netnum): newbits bits longer than /16, the netnum-th of those. The defaults leave 10.x.26.0 to 10.x.63.255 and 10.x.80.0 to 10.x.127.255 free for growth."
  type = object({
    database = optional(object({ newbits = number, netnum = number }), { newbits = 6, netnum = 5 })
    pods     = optional(object({ newbits = number, netnum = number }), { newbits = 1, netnum = 1 })
    private  = optional(object({ newbits = number, netnum = number }), { newbits = 4, netnum = 0 })
    proxy    = optional(object({ newbits = number, netnum = number }), { newbits = 7, netnum = 12 })
    public   = optional(object({ newbits = number, netnum = number }), { newbits = 6, netnum = 4 })
    services = optional(object({ newbits = number, netnum = number }), { newbits = 4, netnum = 4 })
  })
  default  = {}
  nullable = false

  # The least sizes, in the order of the names, are Google's: GKE pods /24 (one node), a proxy-only subnet /26, GKE services /27, any other subnet /29.
  validation {
    condition = alltrue([
      for name, longest in zipmap(["database", "pods", "private", "proxy", "public", "services"], [13, 8, 13, 10, 13, 11]) :
      var.ranges[name].newbits >= 1 && var.ranges[name].newbits <= longest && floor(var.ranges[name].newbits) == var.ranges[name].newbits
    ])
    error_message = "ranges has ${join(", ", [for name, longest in zipmap(["database", "pods", "private", "proxy", "public", "services"], [13, 8, 13, 10, 13, 11]) : "${name}.newbits = ${var.ranges[name].newbits}" if !(var.ranges[name].newbits >= 1 && var.ranges[name].newbits <= longest && floor(var.ranges[name].newbits) == var.ranges[name].newbits)])}; allowed: whole numbers from 1 to 8 for pods, 10 for proxy, 11 for services and 13 for database, private and public."
  }

  validation {
    condition     = alltrue([for range in values(var.ranges) : range.netnum >= 0 && range.netnum < pow(2, range.newbits) && floor(range.netnum) == range.netnum])
    error_message = "ranges reaches outside ${var.cidr_block} with ${join(", ", [for name, range in var.ranges : "${name}.netnum = ${range.netnum} (allowed: 0 to ${pow(2, range.newbits) - 1})" if !(range.netnum >= 0 && range.netnum < pow(2, range.newbits) && floor(range.netnum) == range.netnum)])}."
  }

  validation {
    condition = alltrue(flatten([
      for first, a in values(var.ranges) : [
        for second, b in values(var.ranges) :
        (a.netnum + 1) * pow(2, -a.newbits) <= b.netnum * pow(2, -b.newbits) || (b.netnum + 1) * pow(2, -b.newbits) <= a.netnum * pow(2, -a.newbits)
        if first < second
      ]
    ]))
    error_message = "ranges overlap: ${join(", ", flatten([for first, a in values(var.ranges) : [for second, b in values(var.ranges) : "${keys(var.ranges)[first]} and ${keys(var.ranges)[second]}" if first < second && (a.netnum + 1) * pow(2, -a.newbits) > b.netnum * pow(2, -b.newbits) && (b.netnum + 1) * pow(2, -b.newbits) > a.netnum * pow(2, -a.newbits)]]))}; allowed: disjoint ranges."
  }
}
