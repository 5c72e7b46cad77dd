"""Artifact Registry behaviour that is more than data: repositories, what is in them, and what is cleaned up."""
