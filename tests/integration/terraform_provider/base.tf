# What every case shares: the stage it is in, and a provider that does not dawdle.

terraform {
  required_providers {
    google = {
      source = "hashicorp/google"
    }
  }
}

variable "stage" {
  type    = string
  default = "create"
}

variable "project_number" {
  type = string
}

variable "override" {
  type    = bool
  default = false
}

provider "google" {
  project               = "rehearsal-project"
  region                = "us-central1"
  poll_interval         = "200ms"
  user_project_override = var.override
  billing_project       = var.override ? "rehearsal-project" : null
}

locals {
  updated         = var.stage == "update"
  replaced        = var.stage == "replace"
  billing_account = "01D165-CA11AB-1E0001"
  project_number  = var.project_number
}
