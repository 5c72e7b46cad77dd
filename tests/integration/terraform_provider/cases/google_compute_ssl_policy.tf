# imports: [projects/rehearsal-project/global/sslPolicies/it, rehearsal-project/it, it]

resource "google_compute_ssl_policy" "it" {
  name            = local.replaced ? "that" : "it"
  profile         = local.updated ? "RESTRICTED" : "MODERN"
  min_tls_version = "TLS_1_2"
}
