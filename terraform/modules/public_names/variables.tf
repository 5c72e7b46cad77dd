variable "deletion_policy" {
  description = "PREVENT: Terraform refuses to delete. DELETE: it may."
  type        = string
  nullable    = false
}

variable "domain" {
  description = "Domain of the zone, without a final dot."
  type        = string
  nullable    = false
}

variable "force_destroy" {
  description = "Delete the zone with the records in it that Terraform did not make."
  type        = bool
  nullable    = false
}

variable "name" {
  description = "Stem of the names of the zone and the addresses."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project that holds the zone and the addresses."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the addresses."
  type        = string
  nullable    = false
}

variable "services" {
  description = "Services that have a load balancer of their own, and so an address: the label of their name in the domain, by service."
  type        = map(string)
  nullable    = false
}
