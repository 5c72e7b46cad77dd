"""Names of the cloud: Cloud DNS records and services of clusters."""
