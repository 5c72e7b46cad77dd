variable "cidr_block" {
  description = "The block that the ranges are cut from."
  type        = string
  nullable    = false
}

variable "deletion_policy" {
  description = "PREVENT: Terraform refuses to delete. DELETE: it may."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "Environment, for descriptions."
  type        = string
  nullable    = false
}

variable "flow_logs" {
  description = "Flow logs of every subnetwork but the proxy-only one."
  type = object({
    aggregation_interval = string
    filter_expression    = string
    flow_sampling        = number
    metadata             = string
  })
  nullable = false
}

variable "name" {
  description = "Name of the network and stem of its subnetworks' and routes' names."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "Project that holds the network."
  type        = string
  nullable    = false
}

variable "ranges" {
  description = "How the block is cut: newbits and netnum of cidrsubnet by range."
  type = object({
    database = object({ newbits = number, netnum = number })
    pods     = object({ newbits = number, netnum = number })
    private  = object({ newbits = number, netnum = number })
    proxy    = object({ newbits = number, netnum = number })
    public   = object({ newbits = number, netnum = number })
    services = object({ newbits = number, netnum = number })
  })
  nullable = false
}

variable "region" {
  description = "Region of the subnetworks."
  type        = string
  nullable    = false
}
