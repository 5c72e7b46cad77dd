"""What the data plane does for Kubernetes clusters: service addresses, load balancers, network endpoint groups."""
