variable "autoscaling_profile" {
  description = "BALANCED, or OPTIMIZE_UTILIZATION to take nodes away sooner."
  type        = string
  nullable    = false
}

variable "deletion_policy" {
  description = "PREVENT: Terraform refuses to delete. DELETE: it may."
  type        = string
  nullable    = false
}

variable "kms_key_id" {
  description = "Key that Kubernetes Secrets are encrypted with, in the cluster's region."
  type        = string
  nullable    = false
}

variable "labels" {
  description = "Labels of the cluster."
  type        = map(string)
  nullable    = false
}

variable "maintenance" {
  description = "When Google may change the cluster: a recurring window, and exclusions by name."
  type = object({
    end_time   = string
    recurrence = string
    start_time = string
    exclusions = map(object({
      end_time   = string
      scope      = string
      start_time = string
    }))
  })
  nullable = false
}

variable "name" {
  description = "Name of the cluster."
  type        = string
  nullable    = false
}

variable "network_id" {
  description = "Network of the cluster."
  type        = string
  nullable    = false
}

variable "node_service_account" {
  description = "Address that the nodes of the first pool act as."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project that holds the cluster."
  type        = string
  nullable    = false
}

variable "project_number" {
  description = "Number of the project, which the name of GKE's own account carries."
  type        = string
  nullable    = false
}

variable "protect" {
  description = "Refuse to destroy the cluster."
  type        = bool
  nullable    = false
}

variable "region" {
  description = "Region of the control plane."
  type        = string
  nullable    = false
}

variable "release_channel" {
  description = "RAPID, REGULAR, STABLE or EXTENDED."
  type        = string
  nullable    = false
}

variable "secondary_ranges" {
  description = "Names of the subnetwork's secondary ranges."
  type = object({
    pods     = string
    services = string
  })
  nullable = false
}

variable "security_group" {
  description = "Google group whose members' groups RBAC may name; null for none."
  type        = string
}

variable "subnetwork_id" {
  description = "Subnetwork of the nodes."
  type        = string
  nullable    = false
}

variable "zones" {
  description = "Zones of the nodes."
  type        = set(string)
  nullable    = false
}
