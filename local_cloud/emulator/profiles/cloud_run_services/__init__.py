"""Cloud Run behaviour that is more than data: revisions of a service, defaults of a container, status fields."""
