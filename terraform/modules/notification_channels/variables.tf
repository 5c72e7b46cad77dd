variable "channels" {
  description = "Mail channels by display name."
  type = map(object({
    description   = string
    email_address = string
    enabled       = bool
  }))
  nullable = false
}

variable "deletion_policy" {
  description = "PREVENT: Terraform refuses to delete. DELETE: it may."
  type        = string
  nullable    = false
}

variable "force_delete" {
  description = "Delete a channel that alerts still name."
  type        = bool
  nullable    = false
}

variable "labels" {
  description = "User labels of the channels, which the provider's default labels do not reach."
  type        = map(string)
  nullable    = false
}

variable "project_id" {
  description = "Project that holds the channels."
  type        = string
  nullable    = false
}
