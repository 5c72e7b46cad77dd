variable "deletion_policy" {
  description = "PREVENT: Terraform refuses to delete. DELETE: it may."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Part of the address before the @."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project that holds the service account."
  type        = string
  nullable    = false
}

variable "repositories" {
  description = "Location of each repository whose images nodes pull, by name."
  type        = map(string)
  nullable    = false
}
