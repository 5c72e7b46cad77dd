# What every root is told, declared once: each root links to this file as variables_common.tf.

variable "environment" {
  description = "Environment the root belongs to: local, dev, staging or prod."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["local", "dev", "staging", "prod"], var.environment)
    error_message = "environment is \"${var.environment}\"; allowed: local, dev, staging, prod."
  }
}

variable "labels" {
  description = "Labels of every resource. The keys environment, team, application, cost-center and managed-by are required; the root adds its own name under root."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(setsubtract(["environment", "team", "application", "cost-center", "managed-by"], keys(var.labels))) == 0
    error_message = "labels lacks ${join(", ", setsubtract(["environment", "team", "application", "cost-center", "managed-by"], keys(var.labels)))}; required keys: environment, team, application, cost-center, managed-by."
  }

  validation {
    condition     = alltrue([for key in keys(var.labels) : can(regex("^[a-z][a-z0-9_-]{0,62}$", key))])
    error_message = "labels has the key ${join(", ", [for key in keys(var.labels) : "\"${key}\"" if !can(regex("^[a-z][a-z0-9_-]{0,62}$", key))])}; allowed: a lower-case letter, then up to 62 of a-z, 0-9, _ and -."
  }

  validation {
    condition     = alltrue([for value in values(var.labels) : can(regex("^[a-z0-9_-]{1,63}$", value))])
    error_message = "labels has the value ${join(", ", [for key, value in var.labels : "${key} = \"${value}\"" if !can(regex("^[a-z0-9_-]{1,63}$", value))])}; allowed: 1 to 63 of a-z, 0-9, _ and -."
  }

  validation {
    condition     = lookup(var.labels, "environment", var.environment) == var.environment
    error_message = "labels has environment = \"${lookup(var.labels, "environment", "")}\"; allowed: the root's environment, \"${var.environment}\"."
  }

  validation {
    condition     = !contains(keys(var.labels), "root")
    error_message = "labels has the key root; allowed: any other key, the root sets this one itself."
  }
}

variable "poll_interval" {
  description = "How often a long-running operation is asked whether it is done, such as 10s."
  type        = string
  default     = "10s"
  nullable    = false

  validation {
    condition     = can(regex("^[1-9][0-9]{0,2}(ms|s)$", var.poll_interval))
    error_message = "poll_interval is \"${var.poll_interval}\"; allowed: 1 to 999 with the unit ms or s, such as 10s."
  }
}

variable "project_id" {
  description = "Project that holds the resources and pays for the API calls, presidential-digs-crm-{env} by convention."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id is \"${var.project_id}\"; allowed: 6 to 30 of a-z, 0-9 and -, a letter first, no - last."
  }
}

variable "protect" {
  description = "Refuse to destroy. Teardown is two passes: apply with false, then destroy (protection is read from state)."
  type        = bool
  default     = true
  nullable    = false
}

variable "region" {
  description = "Region of regional resources, such as europe-west3."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", var.region))
    error_message = "region is \"${var.region}\"; allowed: a Google Cloud region such as europe-west3."
  }
}
