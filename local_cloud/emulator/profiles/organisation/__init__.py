"""Resource Manager behaviour that is more than data: tags."""
