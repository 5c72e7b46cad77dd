# The versions that roots and modules are written for; each links to this file.

terraform {
  # 1.11: write-only arguments.
  required_version = ">= 1.11"

  required_providers {
    google = {
      source = "hashicorp/google"
      # 7.40: deletion_policy as a provider default is settled; 8.0 changes defaults.
      version = ">= 7.40, < 8.0"
    }
  }
}
