variable "deletion_policy" {
  description = "PREVENT: Terraform refuses to delete. DELETE: it may."
  type        = string
  nullable    = false
}

variable "force_destroy" {
  description = "Delete a zone with the records in it that Terraform did not make."
  type        = bool
  nullable    = false
}

variable "google_api_domains" {
  description = "Domains of Google's that are answered with private addresses."
  type        = set(string)
  nullable    = false
}

variable "name" {
  description = "Name of the policy and stem of the zones' names."
  type        = string
  nullable    = false
}

variable "network_id" {
  description = "Network that the policy and the zones serve."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project that holds the policy and the zones."
  type        = string
  nullable    = false
}
