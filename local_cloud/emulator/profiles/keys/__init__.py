"""What Cloud KMS does beyond its data."""
