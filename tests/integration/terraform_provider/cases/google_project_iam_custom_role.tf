# imports: [projects/rehearsal-project/roles/it_role, rehearsal-project/it_role, it_role]
# drift: {PATCH: "v1/projects/rehearsal-project/roles/it_role?updateMask=title", host: iam.googleapis.com, body: {title: by hand}}

resource "google_project_iam_custom_role" "it" {
  role_id     = local.replaced ? "that_role" : "it_role"
  title       = local.updated ? "Another" : "One"
  permissions = local.updated ? ["compute.networks.get", "compute.networks.list"] : ["compute.networks.get"]
}
