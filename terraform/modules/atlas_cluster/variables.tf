variable "access" {
  description = "Networks that may reach the clusters, by what they are."
  type        = map(string)
}

variable "backup" {
  description = "How many snapshots are kept; see the root."
  type = object({
    daily_days          = number
    hourly_days         = number
    hours               = number
    monthly_months      = number
    restore_window_days = number
    weekly_weeks        = number
  })
}

variable "cluster" {
  description = "Size, place and version of the cluster."
  type = object({
    instance_size = string
    name          = string
    nodes         = number
    region        = string
    version       = string
  })
}

variable "labels" {
  description = "Tags of the cluster."
  type        = map(string)
}

variable "project_id" {
  description = "Id of the Atlas project."
  type        = string
}

variable "termination_protection" {
  description = "Whether Atlas refuses to terminate the cluster."
  type        = bool
}

variable "user_passwords" {
  description = "Passwords of the users, by name."
  type        = map(string)
  ephemeral   = true
  sensitive   = true
}

variable "users" {
  description = "Database users by name."
  type = map(object({
    password_version = number
    roles            = map(string)
  }))
}
