"""Cloud Storage behaviour that is more than data: buckets, objects with generations, uploads, IAM."""
