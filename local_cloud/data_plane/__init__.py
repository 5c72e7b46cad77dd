"""Everything of the cloud with an address that is not a pod: service addresses, load balancers, URL maps, names."""
