variable "deletion_policy" {
  description = "PREVENT: Terraform refuses to delete. DELETE: it may."
  type        = string
  nullable    = false
}

variable "hosts" {
  description = "Full host names that get a certificate each."
  type        = set(string)
  nullable    = false
}

variable "name" {
  description = "Name of the certificate map."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project that holds the certificates and the zone."
  type        = string
  nullable    = false
}

variable "zone_name" {
  description = "Name of the public zone that the hosts are in."
  type        = string
  nullable    = false
}
