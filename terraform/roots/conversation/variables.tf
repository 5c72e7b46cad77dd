variable "cors_origins" {
  description = "Origins of the pages that play audio by signed URL, such as https://app.crm.example. Empty: no browser of another origin may read it."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for origin in var.cors_origins : can(regex("^https://[a-z0-9.-]+(:[0-9]+)?$", origin))])
    error_message = "cors_origins has ${join(", ", [for origin in var.cors_origins : "\"${origin}\"" if !can(regex("^https://[a-z0-9.-]+(:[0-9]+)?$", origin))])}; allowed: https:// and a host, without path and without wildcard."
  }
}

variable "kubernetes" {
  description = "The Kubernetes service account whose pods act as the service account."
  type = object({
    namespace       = optional(string, "crm")
    service_account = optional(string, "conversation-backend")
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in values(var.kubernetes) : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", name))])
    error_message = "kubernetes has namespace \"${var.kubernetes.namespace}\" and service_account \"${var.kubernetes.service_account}\"; allowed: up to 63 of a-z, 0-9 and -, no - first or last."
  }
}

variable "name" {
  description = "Name of the service, which its service account carries."
  type        = string
  default     = "conversation-backend"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.name))
    error_message = "name is \"${var.name}\"; allowed: 6 to 30 of a-z, 0-9 and -, a letter first, no - last."
  }
}

variable "quotas_contact_email" {
  description = "Who Google answers about a quota. Write-only at Google, so a later change of it alone is ignored."
  type        = string
  default     = null

  validation {
    condition     = var.quotas_contact_email == null || can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", var.quotas_contact_email))
    error_message = "quotas_contact_email is \"${coalesce(var.quotas_contact_email, "null")}\"; allowed: a mail address."
  }

  validation {
    condition     = length(var.speech_quotas) == 0 || var.quotas_contact_email != null
    error_message = "quotas_contact_email is not set and speech_quotas is; allowed: both, because Google asks for a mail address."
  }
}

variable "retention_days" {
  description = "Age in days at which cached text and audio are deleted."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.retention_days >= 1 && var.retention_days <= 365 && floor(var.retention_days) == var.retention_days
    error_message = "retention_days is ${var.retention_days}; allowed: whole days from 1 to 365."
  }
}

variable "speech_quotas" {
  description = "Limits on what the project may ask of Text-to-Speech, by name of the preference. quota_id as Cloud Quotas lists it (gcloud beta quotas info list --service=texttospeech.googleapis.com); limit: requests per minute. A request is at most 5,000 bytes, so these bound what a runaway can cost."
  type = map(object({
    limit    = number
    quota_id = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.speech_quotas) : can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", name))])
    error_message = "speech_quotas has the key ${join(", ", [for name in keys(var.speech_quotas) : "\"${name}\"" if !can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", name))])}; allowed: up to 63 of a-z, 0-9 and -, a letter first, no - last."
  }

  validation {
    condition     = alltrue([for quota in values(var.speech_quotas) : can(regex("^[A-Za-z][A-Za-z0-9_-]*$", quota.quota_id))])
    error_message = "speech_quotas has ${join(", ", [for name, quota in var.speech_quotas : "${name}.quota_id = \"${quota.quota_id}\"" if !can(regex("^[A-Za-z][A-Za-z0-9_-]*$", quota.quota_id))])}; allowed: a quota id such as RequestsPerMinutePerProject."
  }

  validation {
    condition     = alltrue([for quota in values(var.speech_quotas) : quota.limit >= 1 && floor(quota.limit) == quota.limit])
    error_message = "speech_quotas has ${join(", ", [for name, quota in var.speech_quotas : "${name}.limit = ${quota.limit}" if quota.limit < 1 || floor(quota.limit) != quota.limit])}; allowed: whole requests per minute from 1."
  }
}

variable "speech_quotas_adopted" {
  description = "Names of the speech quotas that Google already keeps a preference for, from an earlier life of the project: they are imported, because Google has no way to delete one and refuses to make it twice."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.speech_quotas_adopted, keys(var.speech_quotas))) == 0
    error_message = "speech_quotas_adopted has ${join(", ", setsubtract(var.speech_quotas_adopted, keys(var.speech_quotas)))}; allowed: keys of speech_quotas, ${join(", ", keys(var.speech_quotas))}."
  }
}
