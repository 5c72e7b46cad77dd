"""IAM behaviour that is more than data: service accounts and their keys, custom roles, workload identity federation."""
