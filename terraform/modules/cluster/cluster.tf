resource "google_container_cluster" "cluster" {
  #checkov:skip=CKV_GCP_20:The control plane has no address that networks could be authorised for; who reaches its DNS name is said by IAM.
  name                = var.name
  project             = var.project_id
  location            = var.region
  node_locations      = var.zones
  description         = "Runs the services of the CRM."
  deletion_protection = var.protect
  deletion_policy     = var.deletion_policy
  resource_labels     = var.labels

  # The first pool is only made because GKE insists on one. Pools are resources of their own; their size is the autoscaler's.
  initial_node_count        = 1
  remove_default_node_pool  = true
  ignore_node_count_changes = true

  # That first pool lives for minutes, as small and as careful as the others; afterwards GKE shows one of theirs here.
  node_config {
    machine_type    = "e2-medium"
    disk_size_gb    = 20
    service_account = var.node_service_account
    oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]

    shielded_instance_config {
      enable_integrity_monitoring = true
      enable_secure_boot          = true
    }
    workload_metadata_config {
      mode = "GKE_METADATA"
    }
  }

  network           = var.network_id
  subnetwork        = var.subnetwork_id
  networking_mode   = "VPC_NATIVE"
  datapath_provider = "ADVANCED_DATAPATH"

  enable_intranode_visibility = true
  enable_shielded_nodes       = true
  enable_legacy_abac          = false

  ip_allocation_policy {
    cluster_secondary_range_name  = var.secondary_ranges.pods
    services_secondary_range_name = var.secondary_ranges.services
    stack_type                    = "IPV4"
  }

  # Dataplane V2 enforces network policies by itself; this is the older way, and it stays off.
  network_policy {
    enabled = false
  }

  # Nodes have no public addresses, and neither has the control plane: it answers at its DNS name, to callers that IAM knows.
  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = true
  }

  control_plane_endpoints_config {
    dns_endpoint_config {
      allow_external_traffic    = true
      enable_k8s_tokens_via_dns = false
      enable_k8s_certs_via_dns  = false
    }
    ip_endpoints_config {
      enabled = false
    }
  }

  master_auth {
    client_certificate_config {
      issue_client_certificate = false
    }
  }

  workload_identity_config {
    workload_pool = "${var.project_id}.svc.id.goog"
  }

  database_encryption {
    state    = "ENCRYPTED"
    key_name = var.kms_key_id
  }

  release_channel {
    channel = var.release_channel
  }

  # Images come from one registry, by digest; an attestor can be named here once somebody signs.
  binary_authorization {
    evaluation_mode = "PROJECT_SINGLETON_POLICY_ENFORCE"
  }

  dynamic "authenticator_groups_config" {
    for_each = var.security_group == null ? [] : [var.security_group]
    content {
      security_group = authenticator_groups_config.value
    }
  }

  rbac_binding_config {
    enable_insecure_binding_system_authenticated   = false
    enable_insecure_binding_system_unauthenticated = false
  }

  # Without a name nobody sees more than health.
  anonymous_authentication_config {
    mode = "LIMITED"
  }

  # What GKE calls vulnerability scanning is gone; images are scanned by Artifact Analysis in the registry.
  security_posture_config {
    mode               = "BASIC"
    vulnerability_mode = "VULNERABILITY_DISABLED"
  }

  node_pool_defaults {
    node_config_defaults {
      insecure_kubelet_readonly_port_enabled = "FALSE"
      logging_variant                        = "DEFAULT"
    }
  }

  # How it scales.
  cluster_autoscaling {
    enabled             = false
    autoscaling_profile = var.autoscaling_profile
  }

  pod_autoscaling {
    hpa_profile = "PERFORMANCE"
  }

  vertical_pod_autoscaling {
    enabled = true
  }

  # What it brings along.
  gateway_api_config {
    channel = "CHANNEL_STANDARD"
  }

  addons_config {
    dns_cache_config {
      enabled = true
    }
    gce_persistent_disk_csi_driver_config {
      enabled = true
    }
    gke_backup_agent_config {
      enabled = true
    }
    horizontal_pod_autoscaling {
      disabled = false
    }
    http_load_balancing {
      disabled = false
    }
  }

  secret_manager_config {
    enabled = true
    rotation_config {
      enabled           = true
      rotation_interval = "120s"
    }
  }

  # What is seen of it.
  logging_config {
    enable_components = ["APISERVER", "SYSTEM_COMPONENTS", "WORKLOADS"]
  }

  monitoring_config {
    enable_components = ["CADVISOR", "DEPLOYMENT", "HPA", "KUBELET", "POD", "STATEFULSET", "STORAGE", "SYSTEM_COMPONENTS"]

    managed_prometheus {
      enabled = true
    }
    advanced_datapath_observability_config {
      enable_metrics = true
      enable_relay   = false
    }
  }

  cost_management_config {
    enabled = true
  }

  # When Google may change it, and who hears of it.
  maintenance_policy {
    recurring_window {
      start_time = var.maintenance.start_time
      end_time   = var.maintenance.end_time
      recurrence = var.maintenance.recurrence
    }

    dynamic "maintenance_exclusion" {
      for_each = var.maintenance.exclusions
      content {
        exclusion_name = maintenance_exclusion.key
        start_time     = maintenance_exclusion.value.start_time
        end_time       = maintenance_exclusion.value.end_time
        exclusion_options {
          scope = maintenance_exclusion.value.scope
        }
      }
    }
  }

  notification_config {
    pubsub {
      enabled = true
      topic   = google_pubsub_topic.notifications.id
      filter {
        event_type = ["SECURITY_BULLETIN_EVENT", "UPGRADE_AVAILABLE_EVENT", "UPGRADE_EVENT", "UPGRADE_INFO_EVENT"]
      }
    }
  }

  lifecycle {
    ignore_changes = [node_config]
  }

  depends_on = [google_kms_crypto_key_iam_member.agent]
}
