output "names" {
  description = "Name of each bucket: audio and text, once its user may use it."
  value       = { for name, bucket in google_storage_bucket.cache : trimsuffix(name, "-cache") => bucket.name }
  depends_on  = [google_storage_bucket_iam_member.user]
}
