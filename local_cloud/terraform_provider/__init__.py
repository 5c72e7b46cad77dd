"""A stand-in for the hashicorp/google Terraform provider, for machines that reach no provider registry."""
