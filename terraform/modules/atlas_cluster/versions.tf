terraform {
  required_version = ">= 1.11"

  required_providers {
    mongodbatlas = {
      source  = "mongodb/mongodbatlas"
      version = ">= 2.16, < 3.0"
    }
  }
}
