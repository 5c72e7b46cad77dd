locals {
  # Told to each resource, not to the provider: some take the provider's deletion_policy when they are made and never again
  # (google_billing_budget, google_essential_contacts_contact in 7.45), and could not be taken down.
  deletion_policy = var.protect ? "PREVENT" : "DELETE"
}
