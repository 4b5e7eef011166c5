#!/bin/sh
# Sets gcr up to tell Drayage. Generated; `drayage init gcr` prints it with your own names.
# HOOK_URL is where it sends to.
set -eu
: "${HOOK_URL:?expected https://drayage.example.com/hooks/<name of the entry>}"

# In the project acme: the topic is always called gcr.
PROJECT='acme'
ACCOUNT='drayage-push@acme.iam.gserviceaccount.com'
AGENT="serviceAccount:service-$(gcloud projects describe "$PROJECT" --format 'value(projectNumber)')@gcp-sa-pubsub.iam.gserviceaccount.com"
gcloud services enable pubsub.googleapis.com --project "$PROJECT"
for topic in gcr drayage-dead-letters; do
  gcloud pubsub topics describe "$topic" --project "$PROJECT" >/dev/null 2>&1 || gcloud pubsub topics create "$topic" --project "$PROJECT"
done
gcloud iam service-accounts create drayage-push --project "$PROJECT" --display-name 'Pushes registry events to Drayage'
gcloud iam service-accounts add-iam-policy-binding "$ACCOUNT" --project "$PROJECT" --member "$AGENT" \
  --role roles/iam.serviceAccountTokenCreator
gcloud pubsub subscriptions create drayage --project "$PROJECT" --topic gcr --push-endpoint "$HOOK_URL" \
  --push-auth-service-account "$ACCOUNT" --push-auth-token-audience "$HOOK_URL" --ack-deadline 30 \
  --min-retry-delay 10s --max-retry-delay 600s --expiration-period never \
  --dead-letter-topic drayage-dead-letters --max-delivery-attempts 100
gcloud pubsub subscriptions create drayage-dead-letters --project "$PROJECT" --topic drayage-dead-letters --expiration-period never
gcloud pubsub topics add-iam-policy-binding drayage-dead-letters --project "$PROJECT" --member "$AGENT" --role roles/pubsub.publisher
gcloud pubsub subscriptions add-iam-policy-binding drayage --project "$PROJECT" --member "$AGENT" --role roles/pubsub.subscriber
