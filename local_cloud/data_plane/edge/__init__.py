"""The global external Application Load Balancer: from a forwarding rule's address to what is behind it."""
