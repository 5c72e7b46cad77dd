# imports: [projects/rehearsal-project/locations/us-central1/clusters/cluster/nodePools/it, rehearsal-project/us-central1/cluster/it, us-central1/cluster/it]
# not_imported: [ignore_node_count_changes, node_count, managed_instance_group_urls]
# drift: {POST: "v1/projects/rehearsal-project/locations/us-central1/clusters/cluster/nodePools/it:setManagement", host: container.googleapis.com, body: {management: {autoRepair: false, autoUpgrade: true}}}

resource "google_compute_network" "network" {
  name                    = "network"
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "nodes" {
  name          = "nodes"
  network       = google_compute_network.network.id
  ip_cidr_range = "10.0.0.0/20"
}

resource "google_container_cluster" "cluster" {
  name                      = "cluster"
  location                  = "us-central1"
  node_locations            = ["us-central1-a"]
  network                   = google_compute_network.network.id
  subnetwork                = google_compute_subnetwork.nodes.id
  initial_node_count        = 1
  remove_default_node_pool  = true
  ignore_node_count_changes = true
  deletion_protection       = false

  ip_allocation_policy {}
}

resource "google_container_node_pool" "it" {
  name                      = local.replaced ? "that" : "it"
  cluster                   = google_container_cluster.cluster.name
  location                  = google_container_cluster.cluster.location
  initial_node_count        = 1
  ignore_node_count_changes = true

  autoscaling {
    total_min_node_count = 1
    total_max_node_count = local.updated ? 4 : 2
    location_policy      = "BALANCED"
  }
  management {
    auto_repair  = true
    auto_upgrade = true
  }
  upgrade_settings {
    max_surge       = local.updated ? 2 : 1
    max_unavailable = 0
  }
  node_config {
    machine_type = "e2-standard-2"
    disk_size_gb = 50
    image_type   = "COS_CONTAINERD"
    oauth_scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    labels       = local.updated ? { tier = "memory" } : { tier = "general" }

    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }
    workload_metadata_config {
      mode = "GKE_METADATA"
    }
    dynamic "taint" {
      for_each = local.updated ? ["memory"] : []
      content {
        key    = "dedicated"
        value  = taint.value
        effect = "NO_SCHEDULE"
      }
    }
  }
}
