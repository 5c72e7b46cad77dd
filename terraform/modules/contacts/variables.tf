variable "contacts" {
  description = "Essential contacts by mail address: categories and BCP 47 language."
  type = map(object({
    categories = set(string)
    language   = string
  }))
  nullable = false
}

variable "deletion_policy" {
  description = "PREVENT: Terraform refuses to delete. DELETE: it may."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project that the contacts are for."
  type        = string
  nullable    = false
}
