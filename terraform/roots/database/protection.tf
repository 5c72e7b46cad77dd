locals {
  # Atlas refuses to terminate a cluster that is protected, whatever Terraform is told. Teardown is two passes: apply with
  # protect = false, then destroy.
  termination_protection = var.protect
}
