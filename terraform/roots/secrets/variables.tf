variable "destroy_delay_days" {
  description = "Days for which a version that was destroyed can be brought back."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.destroy_delay_days >= 1 && var.destroy_delay_days <= 1000 && floor(var.destroy_delay_days) == var.destroy_delay_days
    error_message = "destroy_delay_days is ${var.destroy_delay_days}; allowed: whole days from 1 to 1000."
  }
}

variable "locations" {
  description = "Regions that hold the payloads. Without it the root's region alone: a secret needs no more regions than what reads it."
  type        = set(string)
  default     = null

  validation {
    condition     = alltrue([for location in coalesce(var.locations, []) : can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", location))])
    error_message = "locations has ${join(", ", [for location in coalesce(var.locations, []) : "\"${location}\"" if !can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", location))])}; allowed: regions such as europe-west3."
  }
}

variable "secret_values" {
  description = "Payloads of the secrets whose version is not 0, by name. Ephemeral: handed over in the environment of each run, kept nowhere, and sent only when a version is made."
  type        = map(string)
  default     = {}
  ephemeral   = true
  nullable    = false
  sensitive   = true

  validation {
    condition     = length(setsubtract([for name, secret in var.secrets : name if secret.version > 0], keys(var.secret_values))) == 0
    error_message = "secret_values lacks the payload of a secret whose version is not 0; allowed: one for each of those in secrets."
  }
}

variable "secrets" {
  description = "By name: accessors, IAM members that may read the payload, and version. Raising version makes a new version from secret_values; 0 leaves versions to others, such as an operator with gcloud."
  type = map(object({
    accessors = optional(set(string), [])
    version   = optional(number, 0)
  }))
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.secrets) : can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", name))])
    error_message = "secrets has the key ${join(", ", [for name in keys(var.secrets) : "\"${name}\"" if !can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", name))])}; allowed: up to 63 of a-z, 0-9 and -, a letter first, no - last."
  }

  validation {
    condition     = alltrue(flatten([for secret in values(var.secrets) : [for member in secret.accessors : can(regex("^(user|group|serviceAccount|principal|principalSet):[^[:space:]]+$", member))]]))
    error_message = "secrets has the accessor ${join(", ", flatten([for name, secret in var.secrets : [for member in secret.accessors : "\"${member}\" of ${name}" if !can(regex("^(user|group|serviceAccount|principal|principalSet):[^[:space:]]+$", member))]]))}; allowed: IAM members such as serviceAccount:name@project.iam.gserviceaccount.com, never allUsers."
  }

  validation {
    condition     = alltrue([for secret in values(var.secrets) : secret.version >= 0 && floor(secret.version) == secret.version])
    error_message = "secrets has ${join(", ", [for name, secret in var.secrets : "${name}.version = ${secret.version}" if secret.version < 0 || floor(secret.version) != secret.version])}; allowed: whole numbers from 0."
  }
}
