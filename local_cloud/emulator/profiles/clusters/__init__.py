"""What the `container` profile knows of clusters, node pools and their changes."""
