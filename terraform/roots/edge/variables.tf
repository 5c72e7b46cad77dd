variable "domain" {
  description = "Domain of the public zone, without a final dot."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])+[a-z]{2,}$", var.domain))
    error_message = "domain is \"${var.domain}\"; allowed: a full lower-case domain without wildcard or final dot."
  }
}

variable "draining_seconds" {
  description = "How long requests under way to a pod that leaves may take."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.draining_seconds >= 0 && var.draining_seconds <= 3600 && floor(var.draining_seconds) == var.draining_seconds
    error_message = "draining_seconds is ${var.draining_seconds}; allowed: whole seconds from 0 to 3600."
  }
}

variable "hosts" {
  description = "By label in the domain: default, the service that answers what no path takes, and services, by name the paths (each with all below it) and the CORS policy that the edge answers for them; without one the service does."
  type = map(object({
    default = string
    services = optional(map(object({
      cors = optional(object({
        credentials     = optional(bool, false)
        headers         = optional(list(string), ["Authorization", "Content-Type"])
        max_age_seconds = optional(number, 600)
        methods         = optional(list(string), ["GET", "POST"])
        origins         = list(string)
      }))
      paths = list(string)
    })), {})
  }))
  nullable = false

  validation {
    condition     = length(var.hosts) > 0 && alltrue([for label in keys(var.hosts) : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", label))])
    error_message = "hosts has the labels ${join(", ", [for label in keys(var.hosts) : "\"${label}\""])}; allowed: at least one, of a-z, 0-9 and -, no - first or last."
  }

  validation {
    condition     = alltrue(flatten([for host in values(var.hosts) : [for service in concat([host.default], keys(host.services)) : contains(keys(var.services), service)]]))
    error_message = "hosts leads to ${join(", ", distinct(flatten([for host in values(var.hosts) : [for service in concat([host.default], keys(host.services)) : service if !contains(keys(var.services), service)]])))}; allowed: keys of services, ${join(", ", keys(var.services))}."
  }

  validation {
    condition     = alltrue(flatten([for host in values(var.hosts) : [for service in values(host.services) : [for path in service.paths : can(regex("^/[^*?#[:space:]]+[^/*?#[:space:]]$", path))]]]))
    error_message = "hosts has the path ${join(", ", flatten([for host in values(var.hosts) : [for service in values(host.services) : [for path in service.paths : "\"${path}\"" if !can(regex("^/[^*?#[:space:]]+[^/*?#[:space:]]$", path))]]]))}; allowed: paths such as /api/auth, without wildcard and without / at the end; the root path is the default's."
  }

  validation {
    condition     = alltrue([for host in values(var.hosts) : length(distinct(flatten([for service in values(host.services) : service.paths]))) == length(flatten([for service in values(host.services) : service.paths]))])
    error_message = "hosts gives a path to two services of the same host: ${join(", ", [for label, host in var.hosts : "${label}: ${join(" ", flatten([for service in values(host.services) : service.paths]))}"])}; allowed: each path once."
  }

  validation {
    condition     = alltrue(flatten([for host in values(var.hosts) : [for service in values(host.services) : [for origin in try(service.cors.origins, []) : can(regex("^https://[a-z0-9.-]+(:[0-9]+)?$", origin))]]]))
    error_message = "hosts has the CORS origin ${join(", ", flatten([for host in values(var.hosts) : [for service in values(host.services) : [for origin in try(service.cors.origins, []) : "\"${origin}\"" if !can(regex("^https://[a-z0-9.-]+(:[0-9]+)?$", origin))]]]))}; allowed: https:// and a host, without path and without wildcard."
  }
}

variable "log_sample_rate" {
  description = "Share of requests that are logged, above 0 up to 1."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.log_sample_rate > 0 && var.log_sample_rate <= 1
    error_message = "log_sample_rate is ${var.log_sample_rate}; allowed: above 0 up to 1."
  }
}

variable "name" {
  description = "Stem of the names of all that is in it."
  type        = string
  default     = "crm-edge"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,22}[a-z0-9])?$", var.name))
    error_message = "name is \"${var.name}\"; allowed: up to 24 of a-z, 0-9 and -, a letter first, no - last."
  }
}

variable "services" {
  description = "By name: runtime, kubernetes (network endpoint groups of that name, one a zone) or cloud_run; for kubernetes the health check (path, or null for TCP), how long a request may take and how many a second one pod takes."
  type = map(object({
    runtime = string
    health_check = optional(object({
      interval_seconds = optional(number, 5)
      path             = optional(string)
    }), {})
    max_requests_per_second = optional(number, 100)
    timeout_seconds         = optional(number, 60)
  }))
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.services) : can(regex("^[a-z]([a-z0-9-]{0,36}[a-z0-9])?$", name))])
    error_message = "services has the key ${join(", ", [for name in keys(var.services) : "\"${name}\"" if !can(regex("^[a-z]([a-z0-9-]{0,36}[a-z0-9])?$", name))])}; allowed: up to 38 of a-z, 0-9 and -, a letter first, no - last."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : contains(["kubernetes", "cloud_run"], service.runtime)])
    error_message = "services has ${join(", ", [for name, service in var.services : "${name}.runtime = \"${service.runtime}\"" if !contains(["kubernetes", "cloud_run"], service.runtime)])}; allowed: kubernetes, cloud_run."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : service.health_check.path == null || can(regex("^/[^[:space:]]*$", coalesce(service.health_check.path, "/")))])
    error_message = "services has ${join(", ", [for name, service in var.services : "${name}.health_check.path = \"${coalesce(service.health_check.path, "null")}\"" if service.health_check.path != null && !can(regex("^/[^[:space:]]*$", coalesce(service.health_check.path, "/")))])}; allowed: a path such as /healthz, or none for TCP."
  }
}

variable "zone_name" {
  description = "Name of the public zone, which the root network made."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.zone_name))
    error_message = "zone_name is \"${var.zone_name}\"; allowed: up to 63 of a-z, 0-9 and -, a letter first, no - last."
  }
}

variable "zones" {
  description = "Zones of the cluster's nodes, which have one network endpoint group a service."
  type        = set(string)
  nullable    = false

  validation {
    condition     = alltrue([for zone in var.zones : can(regex("^[a-z]+-[a-z]+[0-9]{1,2}-[a-z]$", zone))])
    error_message = "zones has ${join(", ", [for zone in var.zones : "\"${zone}\"" if !can(regex("^[a-z]+-[a-z]+[0-9]{1,2}-[a-z]$", zone))])}; allowed: zones such as europe-west3-a."
  }
}
