variable "autoscaling" {
  description = "Nodes in all zones together, total_min to total_max; initial: nodes a zone to begin with."
  type = object({
    initial   = number
    total_max = number
    total_min = number
  })
  nullable = false
}

variable "cluster" {
  description = "Name of the cluster."
  type        = string
  nullable    = false
}

variable "deletion_policy" {
  description = "PREVENT: Terraform refuses to delete. DELETE: it may."
  type        = string
  nullable    = false
}

variable "disk" {
  description = "Boot disk of a node."
  type = object({
    size_gb = number
    type    = string
  })
  nullable = false
}

variable "labels" {
  description = "Kubernetes labels of the nodes."
  type        = map(string)
  nullable    = false
}

variable "location" {
  description = "Region of the cluster."
  type        = string
  nullable    = false
}

variable "machine_type" {
  description = "Machine type of a node."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Name of the pool."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project that holds the cluster."
  type        = string
  nullable    = false
}

variable "service_account" {
  description = "Address that nodes act as."
  type        = string
  nullable    = false
}

variable "spot" {
  description = "Whether nodes are cheap and may be taken away at any time."
  type        = bool
  nullable    = false
}

variable "taints" {
  description = "Taints of the nodes by key: value and effect."
  type = map(object({
    effect = string
    value  = string
  }))
  nullable = false
}

variable "zones" {
  description = "Zones of the nodes."
  type        = set(string)
  nullable    = false
}
