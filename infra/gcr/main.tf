# Artifact Registry and gcr.io tell Drayage by a Pub/Sub push subscription. Once in each project that has a registry.
# The same as set-up.sh.
terraform {
  required_version = ">= 1.5"
  required_providers {
    google = { source = "hashicorp/google", version = ">= 5.0" }
  }
}

variable "project" {
  description = "The project that the registry is in"
  type        = string
}

variable "hook_url" {
  description = "https://drayage.example.com/hooks/<name of the entry>: the audience in drayage.yaml, letter by letter"
  type        = string
  validation {
    condition     = startswith(var.hook_url, "https://")
    error_message = "Expected https://…"
  }
}

data "google_project" "this" {
  project_id = var.project
}

locals {
  agent = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

# The topic is always called gcr. Where it is there already: terraform import google_pubsub_topic.gcr projects/PROJECT/topics/gcr
resource "google_pubsub_topic" "gcr" {
  project = var.project
  name    = "gcr"
}

resource "google_pubsub_topic" "dead_letters" {
  project = var.project
  name    = "drayage-dead-letters"
}

resource "google_service_account" "push" {
  project      = var.project
  account_id   = "drayage-push"
  display_name = "Pushes registry events to Drayage"
}

resource "google_service_account_iam_member" "tokens" {
  service_account_id = google_service_account.push.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.agent
}

resource "google_pubsub_subscription" "drayage" {
  project              = var.project
  name                 = "drayage"
  topic                = google_pubsub_topic.gcr.id
  ack_deadline_seconds = 30
  push_config {
    push_endpoint = var.hook_url
    oidc_token {
      service_account_email = google_service_account.push.email
      audience              = var.hook_url
    }
  }
  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }
  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letters.id
    max_delivery_attempts = 100
  }
  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_subscription" "dead_letters" {
  project = var.project
  name    = "drayage-dead-letters"
  topic   = google_pubsub_topic.dead_letters.id
  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_topic_iam_member" "dead_letters" {
  project = var.project
  topic   = google_pubsub_topic.dead_letters.name
  role    = "roles/pubsub.publisher"
  member  = local.agent
}

resource "google_pubsub_subscription_iam_member" "drayage" {
  project      = var.project
  subscription = google_pubsub_subscription.drayage.name
  role         = "roles/pubsub.subscriber"
  member       = local.agent
}

output "service_account" {
  description = "serviceAccount in drayage.yaml"
  value       = google_service_account.push.email
}

output "subscription" {
  description = "subscription in drayage.yaml"
  value       = google_pubsub_subscription.drayage.id
}
