output "ids" {
  description = "projects/{project}/notificationChannels/{id} by display name; Google makes the id up."
  value       = { for name, channel in google_monitoring_notification_channel.email : name => channel.name }
}
