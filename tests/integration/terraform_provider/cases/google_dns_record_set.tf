# imports: [projects/rehearsal-project/managedZones/zone/rrsets/www.crm.test./A, rehearsal-project/zone/www.crm.test./A, zone/www.crm.test./A]

resource "google_dns_managed_zone" "zone" {
  name     = "zone"
  dns_name = "crm.test."
}

resource "google_dns_record_set" "it" {
  managed_zone = google_dns_managed_zone.zone.name
  name         = local.replaced ? "web.crm.test." : "www.crm.test."
  type         = "A"
  ttl          = local.updated ? 60 : 300
  rrdatas      = local.updated ? ["10.0.0.1", "10.0.0.2"] : ["10.0.0.1"]
}

resource "google_dns_record_set" "weighted" {
  managed_zone = google_dns_managed_zone.zone.name
  name         = "weighted.crm.test."
  type         = "A"
  ttl          = 60

  routing_policy {
    wrr {
      weight  = 0.8
      rrdatas = ["10.0.0.1"]
    }
    wrr {
      weight  = 0.2
      rrdatas = ["10.0.0.2"]
    }
  }
}
