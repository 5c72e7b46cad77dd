variable "cleanup" {
  description = "What is deleted and what is kept. dry_run: only log what would be deleted."
  type = object({
    dry_run           = bool
    keep_count        = number
    keep_tag_prefixes = list(string)
    pull_request_days = number
    untagged_days     = number
  })
  nullable = false
}

variable "deletion_policy" {
  description = "PREVENT: Terraform refuses to delete. DELETE: it may."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project that holds the repositories."
  type        = string
  nullable    = false
}

variable "project_number" {
  description = "Number of the project, which the name of Artifact Registry's own account carries."
  type        = string
  nullable    = false
}

variable "repositories" {
  description = "Repositories of container images by name. kms_key_id: key in the same location. readers and writers: IAM members."
  type = map(object({
    description    = string
    immutable_tags = bool
    kms_key_id     = string
    location       = string
    readers        = set(string)
    writers        = set(string)
  }))
  nullable = false
}

variable "scanning" {
  description = "INHERITED: images are scanned for vulnerabilities as the project says. DISABLED: they are not."
  type        = string
  nullable    = false
}
