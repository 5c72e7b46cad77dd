variable "addresses" {
  description = "How many addresses to reserve."
  type        = number
  nullable    = false
}

variable "deletion_policy" {
  description = "PREVENT: Terraform refuses to delete. DELETE: it may."
  type        = string
  nullable    = false
}

variable "log_filter" {
  description = "What the NAT logs: ERRORS_ONLY, TRANSLATIONS_ONLY or ALL."
  type        = string
  nullable    = false
}

variable "max_ports_per_vm" {
  description = "Most ports for one virtual machine, a power of two."
  type        = number
  nullable    = false
}

variable "min_ports_per_vm" {
  description = "Least ports for one virtual machine, a power of two."
  type        = number
  nullable    = false
}

variable "name" {
  description = "Stem of the names: {name}-router, {name}-nat, {name}-nat-{number}."
  type        = string
  nullable    = false
}

variable "network_id" {
  description = "Network of the router."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project that holds the router and the addresses."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the router and the addresses."
  type        = string
  nullable    = false
}

variable "subnetworks" {
  description = "Subnetworks that may go out, with the names of the secondary ranges that may."
  type = map(object({
    id               = string
    secondary_ranges = optional(set(string), [])
  }))
  nullable = false
}
