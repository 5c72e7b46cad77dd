"""Pub/Sub behaviour that is more than data: subscriptions and their topics, schemas and their revisions."""
