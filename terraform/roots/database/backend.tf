# Bucket and prefix come from -backend-config: {project}-tfstate and roots/{root}.

terraform {
  backend "gcs" {}
}
