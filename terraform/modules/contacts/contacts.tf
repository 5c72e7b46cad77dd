resource "google_essential_contacts_contact" "contact" {
  for_each = var.contacts

  parent                              = "projects/${var.project_id}"
  deletion_policy                     = var.deletion_policy
  email                               = each.key
  language_tag                        = each.value.language
  notification_category_subscriptions = sort(each.value.categories)
}
