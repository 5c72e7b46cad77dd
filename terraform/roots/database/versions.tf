# This root has a provider of its own and none of Google's; its state is in the project's bucket all the same.

terraform {
  # 1.11: write-only arguments.
  required_version = ">= 1.11"

  required_providers {
    mongodbatlas = {
      source = "mongodb/mongodbatlas"
      # 2.16: password_wo, so that no state and no plan holds the password.
      version = ">= 2.16, < 3.0"
    }
  }
}
