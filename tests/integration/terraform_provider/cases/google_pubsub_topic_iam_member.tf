# imports: [projects/rehearsal-project/topics/topic roles/pubsub.publisher serviceAccount:rehearsal@rehearsal-project.iam.gserviceaccount.com, topic roles/pubsub.publisher serviceAccount:rehearsal@rehearsal-project.iam.gserviceaccount.com]
# unchangeable: true

resource "google_pubsub_topic" "topic" {
  name = "topic"
}

resource "google_service_account" "it" {
  account_id = "rehearsal"
}

resource "google_pubsub_topic_iam_member" "it" {
  topic  = google_pubsub_topic.topic.id
  role   = local.replaced ? "roles/pubsub.subscriber" : "roles/pubsub.publisher"
  member = google_service_account.it.member
}
