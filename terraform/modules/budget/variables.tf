variable "billing_account" {
  description = "Billing account that the budgets live in."
  type        = string
  nullable    = false
}

variable "budgets" {
  description = "Budgets by display name."
  type = map(object({
    amount                = number
    calendar_period       = string
    currency              = string
    notification_channels = set(string)
    services              = set(string)
    thresholds = object({
      current  = set(number)
      forecast = set(number)
    })
  }))
  nullable = false
}

variable "deletion_policy" {
  description = "PREVENT: Terraform refuses to delete. DELETE: it may."
  type        = string
  nullable    = false
}

variable "notification_channel_ids" {
  description = "Id by name of the channels that budgets name."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "project_id" {
  description = "Project that holds the topic."
  type        = string
  nullable    = false
}

variable "project_number" {
  description = "Number of the project whose spend counts."
  type        = string
  nullable    = false
}

variable "region" {
  description = "The one region that keeps the topic's messages."
  type        = string
  nullable    = false
}

variable "topic" {
  description = "Name and retention (seconds with the suffix s) of the topic."
  type = object({
    name      = string
    retention = string
  })
  nullable = false
}
