variable "access" {
  description = "Networks that may reach the clusters, by what they are: the addresses of Cloud NAT. 0.0.0.0/0 is refused."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for block in values(var.access) : can(cidrnetmask(block)) && try(tonumber(split("/", block)[1]) >= 8, false)])
    error_message = "access has ${join(", ", [for name, block in var.access : "${name} = \"${block}\"" if !(can(cidrnetmask(block)) && try(tonumber(split("/", block)[1]) >= 8, false))])}; allowed: IPv4 ranges of /8 to /32, such as 203.0.113.5/32."
  }
}

variable "backup" {
  description = "How many snapshots are kept: daily and hourly in days, weekly in weeks, monthly in months; hours: hours between the hourly ones; restore_window_days: days that any moment of can be restored."
  type = object({
    daily_days          = optional(number, 7)
    hourly_days         = optional(number, 2)
    hours               = optional(number, 6)
    monthly_months      = optional(number, 12)
    restore_window_days = optional(number, 2)
    weekly_weeks        = optional(number, 4)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains([1, 2, 4, 6, 8, 12], var.backup.hours)
    error_message = "backup.hours is ${var.backup.hours}; allowed: 1, 2, 4, 6, 8, 12."
  }

  validation {
    condition     = alltrue([for name in ["daily_days", "hourly_days", "monthly_months", "weekly_weeks"] : var.backup[name] >= 1 && floor(var.backup[name]) == var.backup[name]])
    error_message = "backup has ${join(", ", [for name in ["daily_days", "hourly_days", "monthly_months", "weekly_weeks"] : "${name} = ${var.backup[name]}" if !(var.backup[name] >= 1 && floor(var.backup[name]) == var.backup[name])])}; allowed: whole numbers from 1."
  }

  validation {
    condition     = var.backup.restore_window_days >= 0 && var.backup.restore_window_days <= var.backup.hourly_days
    error_message = "backup.restore_window_days is ${var.backup.restore_window_days}; allowed: 0 to hourly_days, ${var.backup.hourly_days}, because older moments have no snapshot to start from."
  }
}

variable "cluster" {
  description = "The cluster: instance_size such as M10 (M0 to M5 have no backup of their own), region as Atlas names Google's, such as EUROPE_WEST_3, version of MongoDB, nodes that may be elected."
  type = object({
    instance_size = optional(string, "M10")
    name          = optional(string, "crm")
    nodes         = optional(number, 3)
    region        = string
    version       = optional(string, "8.0")
  })
  nullable = false

  validation {
    condition     = can(regex("^M(10|20|30|40|50|60|80|140|200|300)$", var.cluster.instance_size))
    error_message = "cluster.instance_size is \"${var.cluster.instance_size}\"; allowed: M10, M20, M30, M40, M50, M60, M80, M140, M200, M300."
  }

  validation {
    condition     = contains([3, 5, 7], var.cluster.nodes)
    error_message = "cluster.nodes is ${var.cluster.nodes}; allowed: 3, 5, 7."
  }

  validation {
    condition     = can(regex("^[A-Z]+(_[A-Z]+)*(_[0-9]+)?$", var.cluster.region))
    error_message = "cluster.region is \"${var.cluster.region}\"; allowed: Atlas' name of a region of Google Cloud, such as EUROPE_WEST_3 or CENTRAL_US."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$", var.cluster.name))
    error_message = "cluster.name is \"${var.cluster.name}\"; allowed: up to 63 letters, digits and -, no - first or last."
  }
}

variable "organization_id" {
  description = "Id of the Atlas organisation, 24 hexadecimal digits."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9a-f]{24}$", var.organization_id))
    error_message = "organization_id is \"${var.organization_id}\"; allowed: 24 hexadecimal digits."
  }
}

variable "user_passwords" {
  description = "Passwords of the users, by name. Ephemeral: read from Secret Manager for each run, handed over in the environment, sent only when password_version changes."
  type        = map(string)
  default     = {}
  ephemeral   = true
  nullable    = false
  sensitive   = true
}

variable "users" {
  description = "Database users by name: password_version, raised to set the password anew; roles over databases."
  type = map(object({
    password_version = number
    roles            = map(string)
  }))
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.users) : can(regex("^[a-z][a-z0-9_-]{0,62}$", name))])
    error_message = "users has the key ${join(", ", [for name in keys(var.users) : "\"${name}\"" if !can(regex("^[a-z][a-z0-9_-]{0,62}$", name))])}; allowed: a lower-case letter, then up to 62 of a-z, 0-9, _ and -."
  }

  validation {
    condition     = alltrue([for user in values(var.users) : length(user.roles) > 0 && alltrue([for role in values(user.roles) : contains(["read", "readWrite", "dbAdmin"], role)])])
    error_message = "users has ${join(", ", [for name, user in var.users : "${name}.roles = ${jsonencode(user.roles)}" if length(user.roles) == 0 || !alltrue([for role in values(user.roles) : contains(["read", "readWrite", "dbAdmin"], role)])])}; allowed: at least one database with read, readWrite or dbAdmin."
  }
}
