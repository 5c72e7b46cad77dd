"""Container images as `docker push` and `docker pull` know them: the OCI distribution protocol of Artifact Registry."""
