"""Compute networking behaviour that is more than data: address ranges, automatic routes and subnetworks, routers,
firewall policies."""
