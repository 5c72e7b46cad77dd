resource "mongodbatlas_advanced_cluster" "this" {
  project_id                     = var.project_id
  name                           = var.cluster.name
  cluster_type                   = "REPLICASET"
  backup_enabled                 = true
  mongo_db_major_version         = var.cluster.version
  pit_enabled                    = var.backup.restore_window_days > 0
  tags                           = var.labels
  termination_protection_enabled = var.termination_protection

  replication_specs = [{
    region_configs = [{
      electable_specs = {
        instance_size = var.cluster.instance_size
        node_count    = var.cluster.nodes
      }
      priority      = 7
      provider_name = "GCP"
      region_name   = var.cluster.region
    }]
  }]
}

resource "mongodbatlas_database_user" "user" {
  for_each = var.users

  project_id          = var.project_id
  auth_database_name  = "admin"
  username            = each.key
  password_wo         = var.user_passwords[each.key]
  password_wo_version = each.value.password_version

  dynamic "roles" {
    for_each = each.value.roles

    content {
      database_name = roles.key
      role_name     = roles.value
    }
  }

  scopes {
    name = mongodbatlas_advanced_cluster.this.name
    type = "CLUSTER"
  }
}

resource "mongodbatlas_project_ip_access_list" "network" {
  for_each = var.access

  project_id = var.project_id
  cidr_block = each.value
  comment    = each.key
}

resource "mongodbatlas_cloud_backup_schedule" "this" {
  project_id   = var.project_id
  cluster_name = mongodbatlas_advanced_cluster.this.name

  # In the night of Europe and the Americas.
  reference_hour_of_day    = 3
  reference_minute_of_hour = 30
  restore_window_days      = var.backup.restore_window_days

  policy_item_hourly {
    frequency_interval = var.backup.hours
    retention_unit     = "days"
    retention_value    = var.backup.hourly_days
  }

  policy_item_daily {
    frequency_interval = 1
    retention_unit     = "days"
    retention_value    = var.backup.daily_days
  }

  policy_item_weekly {
    frequency_interval = 6
    retention_unit     = "weeks"
    retention_value    = var.backup.weekly_weeks
  }

  policy_item_monthly {
    frequency_interval = 40
    retention_unit     = "months"
    retention_value    = var.backup.monthly_months
  }
}
