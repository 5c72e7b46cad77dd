variable "backends" {
  description = "Id of the backend service by service."
  type        = map(string)
  nullable    = false
}

variable "certificate_map_id" {
  description = "Certificate map with a certificate for each host."
  type        = string
  nullable    = false
}

variable "deletion_policy" {
  description = "PREVENT: Terraform refuses to delete. DELETE: it may."
  type        = string
  nullable    = false
}

variable "hosts" {
  description = "By full host name: default, the service that answers what no path rule takes, and services, by name the paths they answer (each with all below it) and the CORS policy that the edge answers for them, if any."
  type = map(object({
    default = string
    services = map(object({
      cors = object({
        credentials     = bool
        headers         = list(string)
        max_age_seconds = number
        methods         = list(string)
        origins         = list(string)
      })
      paths = list(string)
    }))
  }))
  nullable = false
}

variable "name" {
  description = "Stem of the names."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project that holds the load balancer."
  type        = string
  nullable    = false
}
