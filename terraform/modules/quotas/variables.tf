variable "contact_email" {
  description = "Who Google answers about an increase; null only without quotas."
  type        = string
  default     = null
}

variable "project_id" {
  description = "Project whose quotas these are."
  type        = string
  nullable    = false
}

variable "quotas" {
  description = "Quota preferences by name."
  type = map(object({
    dimensions           = map(string)
    ignore_safety_checks = string
    justification        = string
    preferred_value      = number
    quota_id             = string
    service              = string
  }))
  nullable = false
}
