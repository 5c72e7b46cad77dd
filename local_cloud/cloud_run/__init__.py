"""Cloud Run: services whose revisions run as containers behind a front end that splits traffic between them."""
