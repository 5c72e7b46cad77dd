# imports: [projects/rehearsal-project/locations/us-central1/clusters/it, rehearsal-project/us-central1/it, us-central1/it]
# not_imported: [deletion_protection, ignore_node_count_changes, initial_node_count, min_master_version, node_config, node_pool, remove_default_node_pool, resource_labels, terraform_labels]
# drift: {PUT: v1/projects/rehearsal-project/locations/us-central1/clusters/it, host: container.googleapis.com, body: {update: {desiredCostManagementConfig: {enabled: false}}}}

resource "google_compute_network" "network" {
  name                    = "network"
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "nodes" {
  name          = "nodes"
  network       = google_compute_network.network.id
  ip_cidr_range = "10.0.0.0/20"

  secondary_ip_range {
    range_name    = "pods"
    ip_cidr_range = "10.4.0.0/16"
  }
  secondary_ip_range {
    range_name    = "services"
    ip_cidr_range = "10.0.64.0/20"
  }
}

resource "google_container_cluster" "it" {
  name                        = local.replaced ? "that" : "it"
  location                    = "us-central1"
  node_locations              = local.updated ? ["us-central1-a", "us-central1-b"] : ["us-central1-a"]
  network                     = google_compute_network.network.id
  subnetwork                  = google_compute_subnetwork.nodes.id
  initial_node_count          = 1
  remove_default_node_pool    = true
  ignore_node_count_changes   = true
  deletion_protection         = false
  datapath_provider           = "ADVANCED_DATAPATH"
  enable_intranode_visibility = !local.updated
  resource_labels             = local.updated ? { team = "platform" } : { team = "crm" }

  ip_allocation_policy {
    cluster_secondary_range_name  = "pods"
    services_secondary_range_name = "services"
  }
  network_policy {
    enabled = false
  }
  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = true
  }
  control_plane_endpoints_config {
    dns_endpoint_config {
      allow_external_traffic = !local.updated
    }
    ip_endpoints_config {
      enabled = false
    }
  }
  release_channel {
    channel = local.updated ? "STABLE" : "REGULAR"
  }
  cost_management_config {
    enabled = true
  }
  addons_config {
    dns_cache_config {
      enabled = true
    }
    gke_backup_agent_config {
      enabled = local.updated
    }
  }
  monitoring_config {
    enable_components = local.updated ? ["SYSTEM_COMPONENTS"] : ["SYSTEM_COMPONENTS", "POD"]
    managed_prometheus {
      enabled = true
    }
  }
  maintenance_policy {
    recurring_window {
      start_time = "2026-01-03T02:00:00Z"
      end_time   = "2026-01-03T08:00:00Z"
      recurrence = local.updated ? "FREQ=WEEKLY;BYDAY=SU" : "FREQ=WEEKLY;BYDAY=SA,SU"
    }
    maintenance_exclusion {
      exclusion_name = "freeze"
      start_time     = "2026-12-20T00:00:00Z"
      end_time       = "2027-01-03T00:00:00Z"
      exclusion_options {
        scope = local.updated ? "NO_MINOR_UPGRADES" : "NO_UPGRADES"
      }
    }
  }
}
