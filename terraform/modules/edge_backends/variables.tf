variable "deletion_policy" {
  description = "PREVENT: Terraform refuses to delete. DELETE: it may."
  type        = string
  nullable    = false
}

variable "draining_seconds" {
  description = "How long requests under way to a pod that leaves may take."
  type        = number
  nullable    = false
}

variable "log_sample_rate" {
  description = "Share of requests that are logged, from 0 to 1."
  type        = number
  nullable    = false
}

variable "name" {
  description = "Stem of the names."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project that holds the backends."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the Cloud Run services."
  type        = string
  nullable    = false
}

variable "services" {
  description = "By name: runtime, kubernetes or cloud_run; for kubernetes the health check (path, or null for TCP), how long a request may take and how many a second one pod takes."
  type = map(object({
    health_check            = object({ interval_seconds = number, path = string })
    max_requests_per_second = number
    runtime                 = string
    timeout_seconds         = number
  }))
  nullable = false
}

variable "zones" {
  description = "Zones of the cluster's nodes, which have one network endpoint group a service."
  type        = set(string)
  nullable    = false
}
