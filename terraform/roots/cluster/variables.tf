variable "autoscaling_profile" {
  description = "BALANCED keeps spare nodes for a while; OPTIMIZE_UTILIZATION takes them away sooner."
  type        = string
  default     = "BALANCED"
  nullable    = false

  validation {
    condition     = contains(["BALANCED", "OPTIMIZE_UTILIZATION"], var.autoscaling_profile)
    error_message = "autoscaling_profile is \"${var.autoscaling_profile}\"; allowed: BALANCED, OPTIMIZE_UTILIZATION."
  }
}

variable "kms_key_id" {
  description = "Whole name of the key that Kubernetes Secrets are encrypted with, in the cluster's region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^projects/[^/]+/locations/${var.region}/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key_id))
    error_message = "kms_key_id is \"${var.kms_key_id}\"; allowed: the whole name of a key in ${var.region}, such as projects/{project}/locations/${var.region}/keyRings/crm/cryptoKeys/cluster."
  }
}

variable "maintenance" {
  description = "When Google may change the cluster: a window of at least four hours that recurs (RFC 5545), and exclusions by name, such as a freeze. Times in RFC 3339."
  type = object({
    end_time   = optional(string, "2026-01-03T08:00:00Z")
    recurrence = optional(string, "FREQ=WEEKLY;BYDAY=SA,SU")
    start_time = optional(string, "2026-01-03T02:00:00Z")
    exclusions = optional(map(object({
      end_time   = string
      start_time = string
      scope      = optional(string, "NO_MINOR_OR_NODE_UPGRADES")
    })), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = try(timecmp(timeadd(var.maintenance.start_time, "4h"), var.maintenance.end_time) <= 0, false)
    error_message = "maintenance has start_time = \"${var.maintenance.start_time}\" and end_time = \"${var.maintenance.end_time}\"; allowed: RFC 3339 times such as 2026-01-03T02:00:00Z, at least four hours apart."
  }

  validation {
    condition     = can(regex("^FREQ=(DAILY|WEEKLY|MONTHLY)(;[A-Z]+=[A-Z0-9,+-]+)*$", var.maintenance.recurrence))
    error_message = "maintenance.recurrence is \"${var.maintenance.recurrence}\"; allowed: a rule of RFC 5545 such as FREQ=WEEKLY;BYDAY=SA,SU."
  }

  validation {
    condition     = alltrue([for exclusion in values(var.maintenance.exclusions) : try(timecmp(exclusion.start_time, exclusion.end_time) < 0, false)])
    error_message = "maintenance.exclusions has ${join(", ", [for name, exclusion in var.maintenance.exclusions : "${name} from \"${exclusion.start_time}\" to \"${exclusion.end_time}\"" if !try(timecmp(exclusion.start_time, exclusion.end_time) < 0, false)])}; allowed: two RFC 3339 times, the first before the second."
  }

  validation {
    condition     = alltrue([for exclusion in values(var.maintenance.exclusions) : contains(["NO_UPGRADES", "NO_MINOR_UPGRADES", "NO_MINOR_OR_NODE_UPGRADES"], exclusion.scope)])
    error_message = "maintenance.exclusions has ${join(", ", [for name, exclusion in var.maintenance.exclusions : "${name}.scope = \"${exclusion.scope}\"" if !contains(["NO_UPGRADES", "NO_MINOR_UPGRADES", "NO_MINOR_OR_NODE_UPGRADES"], exclusion.scope)])}; allowed: NO_UPGRADES, NO_MINOR_UPGRADES, NO_MINOR_OR_NODE_UPGRADES."
  }
}

variable "name" {
  description = "Name of the cluster, and stem of its nodes' service account."
  type        = string
  default     = "crm"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,22}[a-z0-9])?$", var.name))
    error_message = "name is \"${var.name}\"; allowed: up to 24 of a-z, 0-9 and -, a letter first, no - last."
  }
}

variable "network" {
  description = "Name of the network that the network root made."
  type        = string
  default     = "crm"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", var.network))
    error_message = "network is \"${var.network}\"; allowed: up to 40 of a-z, 0-9 and -, a letter first, no - last."
  }
}

variable "node_pools" {
  description = "Pools of nodes by name. autoscaling: nodes of all zones together; initial: nodes a zone to begin with. Whatever does not tolerate a taint keeps off its nodes. spot: cheap nodes that may be taken away at any time."
  type = map(object({
    machine_type = string
    autoscaling = object({
      total_max = number
      total_min = number
      initial   = optional(number, 1)
    })
    disk = optional(object({
      size_gb = optional(number, 100)
      type    = optional(string, "pd-balanced")
    }), {})
    labels = optional(map(string), {})
    spot   = optional(bool, false)
    taints = optional(map(object({
      value  = string
      effect = optional(string, "NO_SCHEDULE")
    })), {})
  }))
  nullable = false

  validation {
    condition     = anytrue([for pool in values(var.node_pools) : length(pool.taints) == 0 && pool.autoscaling.total_min > 0])
    error_message = "node_pools has no pool without taints whose total_min is above 0; allowed: at least one, because the cluster's own services need somewhere to run."
  }

  validation {
    condition     = alltrue([for name in keys(var.node_pools) : can(regex("^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", name))])
    error_message = "node_pools has the key ${join(", ", [for name in keys(var.node_pools) : "\"${name}\"" if !can(regex("^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", name))])}; allowed: up to 40 of a-z, 0-9 and -, a letter first, no - last."
  }

  validation {
    condition     = alltrue([for pool in values(var.node_pools) : can(regex("^[a-z][a-z0-9]*-[a-z0-9-]+$", pool.machine_type))])
    error_message = "node_pools has ${join(", ", [for name, pool in var.node_pools : "${name}.machine_type = \"${pool.machine_type}\"" if !can(regex("^[a-z][a-z0-9]*-[a-z0-9-]+$", pool.machine_type))])}; allowed: a machine type such as e2-standard-4."
  }

  validation {
    condition     = alltrue([for pool in values(var.node_pools) : pool.autoscaling.total_min >= 0 && pool.autoscaling.total_max >= 1 && pool.autoscaling.total_min <= pool.autoscaling.total_max && floor(pool.autoscaling.total_min) == pool.autoscaling.total_min && floor(pool.autoscaling.total_max) == pool.autoscaling.total_max])
    error_message = "node_pools has ${join(", ", [for name, pool in var.node_pools : "${name}.autoscaling from ${pool.autoscaling.total_min} to ${pool.autoscaling.total_max}"])}; allowed: whole numbers, total_min from 0 and no more than total_max, total_max from 1."
  }

  validation {
    condition     = alltrue([for pool in values(var.node_pools) : pool.disk.size_gb >= 20 && pool.disk.size_gb <= 2000])
    error_message = "node_pools has ${join(", ", [for name, pool in var.node_pools : "${name}.disk.size_gb = ${pool.disk.size_gb}" if pool.disk.size_gb < 20 || pool.disk.size_gb > 2000])}; allowed: 20 to 2000."
  }

  validation {
    condition     = alltrue([for taint in flatten([for pool in values(var.node_pools) : values(pool.taints)]) : contains(["NO_SCHEDULE", "PREFER_NO_SCHEDULE", "NO_EXECUTE"], taint.effect)])
    error_message = "node_pools has the taint effect ${join(", ", [for taint in flatten([for pool in values(var.node_pools) : values(pool.taints)]) : "\"${taint.effect}\"" if !contains(["NO_SCHEDULE", "PREFER_NO_SCHEDULE", "NO_EXECUTE"], taint.effect)])}; allowed: NO_SCHEDULE, PREFER_NO_SCHEDULE, NO_EXECUTE."
  }
}

variable "project_number" {
  description = "Number of the project, which bootstrap reports: the name of GKE's own account carries it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{1,19}$", var.project_number))
    error_message = "project_number is \"${var.project_number}\"; allowed: the project's number, digits only."
  }
}

variable "release_channel" {
  description = "How soon new versions of Kubernetes come."
  type        = string
  default     = "REGULAR"
  nullable    = false

  validation {
    condition     = contains(["RAPID", "REGULAR", "STABLE", "EXTENDED"], var.release_channel)
    error_message = "release_channel is \"${var.release_channel}\"; allowed: RAPID, REGULAR, STABLE, EXTENDED."
  }
}

variable "repositories" {
  description = "Location of each repository that nodes pull images from, by name: crm-images and the like."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.repositories) > 0
    error_message = "repositories is empty; allowed: at least one, because nodes have no images without."
  }
}

variable "secondary_ranges" {
  description = "Names of the subnetwork's secondary ranges for pods and services."
  type = object({
    pods     = optional(string, "pods")
    services = optional(string, "services")
  })
  default  = {}
  nullable = false
}

variable "security_group" {
  description = "Google group gke-security-groups@{domain}, whose member groups RBAC may name; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.security_group == null || can(regex("^gke-security-groups@[a-z0-9.-]+$", var.security_group))
    error_message = "security_group is \"${coalesce(var.security_group, "null")}\"; allowed: gke-security-groups@ and a domain, the only name that GKE takes."
  }
}

variable "subnetwork" {
  description = "Name of the subnetwork of the nodes."
  type        = string
  default     = "crm-private"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.subnetwork))
    error_message = "subnetwork is \"${var.subnetwork}\"; allowed: up to 63 of a-z, 0-9 and -, a letter first, no - last."
  }
}

variable "zones" {
  description = "Zones of the nodes, all of the cluster's region; three outlive the loss of one."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.zones) >= 1 && alltrue([for zone in var.zones : startswith(zone, "${var.region}-")])
    error_message = "zones is ${jsonencode(var.zones)}; allowed: zones of ${var.region}."
  }

  validation {
    condition     = var.environment != "prod" || length(var.zones) >= 3
    error_message = "zones is ${jsonencode(var.zones)}; allowed in prod: three zones or more."
  }
}
