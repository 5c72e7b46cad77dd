resource "google_container_node_pool" "pool" {
  name            = var.name
  project         = var.project_id
  location        = var.location
  cluster         = var.cluster
  node_locations  = var.zones
  deletion_policy = var.deletion_policy

  # How many nodes there are is the autoscaler's business, and no drift.
  initial_node_count        = var.autoscaling.initial
  ignore_node_count_changes = true

  autoscaling {
    total_min_node_count = var.autoscaling.total_min
    total_max_node_count = var.autoscaling.total_max
    location_policy      = "BALANCED"
  }

  management {
    auto_repair  = true
    auto_upgrade = true
  }

  # One more at a time, none less.
  upgrade_settings {
    strategy        = "SURGE"
    max_surge       = 1
    max_unavailable = 0
  }

  network_config {
    enable_private_nodes = true
  }

  node_config {
    machine_type    = var.machine_type
    image_type      = "COS_CONTAINERD"
    disk_size_gb    = var.disk.size_gb
    disk_type       = var.disk.type
    spot            = var.spot
    service_account = var.service_account
    # What a node may do is said by its account's roles alone.
    oauth_scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    labels       = var.labels
    metadata     = { disable-legacy-endpoints = "true" }

    gvnic {
      enabled = true
    }

    kubelet_config {
      insecure_kubelet_readonly_port_enabled = "FALSE"
    }

    shielded_instance_config {
      enable_integrity_monitoring = true
      enable_secure_boot          = true
    }

    workload_metadata_config {
      mode = "GKE_METADATA"
    }

    dynamic "taint" {
      for_each = var.taints
      content {
        key    = taint.key
        value  = taint.value.value
        effect = taint.value.effect
      }
    }
  }
}
