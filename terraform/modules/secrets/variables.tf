variable "deletion_policy" {
  description = "PREVENT: Terraform refuses to delete. DELETE: it may."
  type        = string
  nullable    = false
}

variable "destroy_delay_days" {
  description = "Days for which a destroyed version can be brought back."
  type        = number
  nullable    = false
}

variable "locations" {
  description = "Regions that hold the payloads."
  type        = set(string)
  nullable    = false
}

variable "project_id" {
  description = "Project that holds the secrets."
  type        = string
  nullable    = false
}

variable "secrets" {
  description = "By name: who may read the payload (accessors, IAM members), and the number of the version that Terraform makes from values (0: none)."
  type = map(object({
    accessors = set(string)
    version   = number
  }))
  nullable = false
}

variable "values" {
  description = "Payload by secret, for those whose version is not 0. Needed at every run, used when a version is made."
  type        = map(string)
  ephemeral   = true
  nullable    = false
  sensitive   = true
}
