output "ids" {
  description = "projects/{number}/contacts/{id} by mail address; Google makes the id up."
  value       = { for email, contact in google_essential_contacts_contact.contact : email => contact.name }
}
