"""Documentation of the options in module_utils/_spec.py AUTH_SPEC (a unit test holds the two together)."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  auth_kind:
    description:
      - How to authenticate.
      - Unset, it is V(impersonation) when O(impersonate_service_account) is set, else V(access_token) when
        O(access_token) is set, else V(service_account_file) or V(workload_identity_federation) when their option is
        set, else V(application).
      - V(application) looks where Google's own libraries look, namely E(GOOGLE_APPLICATION_CREDENTIALS), the file that
        C(gcloud auth application-default login) writes, and the metadata server.
      - Falls back to E(PRESIDENTIAL_DIGS_AUTH_KIND).
    type: str
    choices: [application, service_account_file, impersonation, workload_identity_federation, access_token]
  access_token:
    description:
      - A bearer token. Mint one a play with M(presidential_digs.platform.credential) and pass it by C(module_defaults),
        then no other task asks for one.
      - Falls back to E(GOOGLE_OAUTH_ACCESS_TOKEN), then E(CLOUDSDK_AUTH_ACCESS_TOKEN).
    type: str
  service_account_file:
    description:
      - Path of a service account's key file.
      - Falls back to E(GCP_SERVICE_ACCOUNT_FILE).
    type: path
  impersonate_service_account:
    description:
      - E-mail address of a service account to act as. The identity that asks is the one of O(access_token),
        O(service_account_file) or O(workload_identity_file), else the application default.
      - Falls back to E(GOOGLE_IMPERSONATE_SERVICE_ACCOUNT).
    type: str
  workload_identity_file:
    description:
      - Path of an external account's configuration file, as C(gcloud iam workload-identity-pools create-cred-config)
        writes it.
      - Falls back to E(GOOGLE_GHA_CREDS_PATH).
    type: path
  quota_project:
    description:
      - Project whose quota the calls use, sent as C(X-Goog-User-Project).
      - Falls back to E(GOOGLE_CLOUD_QUOTA_PROJECT), then E(GOOGLE_BILLING_PROJECT), then to what the credentials name.
    type: str
  proxy:
    description:
      - URL of an HTTP proxy. Hosts in E(NO_PROXY) and the metadata server are reached directly.
      - Falls back to E(HTTPS_PROXY), then E(https_proxy).
    type: str
  ca_certificates:
    description:
      - Path of a PEM file with the certificate authorities to trust in place of the system's.
      - Falls back to E(SSL_CERT_FILE), then E(REQUESTS_CA_BUNDLE).
    type: path
  retry_timeout:
    description:
      - Seconds for which one call is tried again when the API answers that it is busy, over its rate or broken,
        or drops the connection.
    type: int
    default: 120
requirements:
  - google-auth >= 2.0
  - urllib3 >= 2.0
"""
