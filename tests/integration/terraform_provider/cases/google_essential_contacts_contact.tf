# imports: ["{name}"]
# not_imported: [parent]

resource "google_essential_contacts_contact" "it" {
  parent                              = "projects/rehearsal-project"
  email                               = local.replaced ? "b@crm.test" : "a@crm.test"
  language_tag                        = local.updated ? "en-US" : "en"
  notification_category_subscriptions = local.updated ? ["ALL"] : ["BILLING", "SECURITY"]
}
