"""Compute load balancing: health checks, backends, URL maps, target proxies, forwarding rules, endpoint groups."""
