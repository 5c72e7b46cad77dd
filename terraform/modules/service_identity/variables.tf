variable "deletion_policy" {
  description = "PREVENT: Terraform refuses to delete. DELETE: it may."
  type        = string
  nullable    = false
}

variable "description" {
  description = "What the service account is for."
  type        = string
  nullable    = false
}

variable "kubernetes" {
  description = "The Kubernetes service account whose pods act as this one."
  type = object({
    namespace       = string
    service_account = string
  })
  nullable = false
}

variable "name" {
  description = "Part of the address before the @: the service's own name."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project that holds the service account."
  type        = string
  nullable    = false
}

variable "project_roles" {
  description = "Predefined roles on the project."
  type        = set(string)
  nullable    = false
}

variable "signs_urls" {
  description = "Let it sign URLs as itself."
  type        = bool
  nullable    = false
}
