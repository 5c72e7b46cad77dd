variable "cors_origins" {
  description = "Origins of pages that fetch audio by signed URL, such as https://app.crm.example."
  type        = list(string)
  nullable    = false
}

variable "deletion_policy" {
  description = "PREVENT: Terraform refuses to delete. DELETE: it may."
  type        = string
  nullable    = false
}

variable "force_destroy" {
  description = "Delete a bucket with what is in it."
  type        = bool
  nullable    = false
}

variable "location" {
  description = "Region or multi-region of the buckets."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project that holds the buckets, and what their names begin with."
  type        = string
  nullable    = false
}

variable "retention_days" {
  description = "Age in days at which an object is deleted."
  type        = number
  nullable    = false
}

variable "user" {
  description = "IAM member that reads and writes both caches."
  type        = string
  nullable    = false
}
