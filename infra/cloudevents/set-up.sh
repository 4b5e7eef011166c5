#!/bin/sh
# Sets cloudevents up to tell Drayage. Generated; `drayage init cloudevents` prints it with your own names and a fresh secret.
# HOOK_URL is where it sends to, CLOUDEVENTS_HOOK the secret that drayage.yaml refers to.
set -eu
: "${HOOK_URL:?expected https://drayage.example.com/hooks/<name of the entry>}" "${CLOUDEVENTS_HOOK:?expected the secret}"

# What the broker sends, once an image is pushed:
curl --fail-with-body --header 'content-type: application/cloudevents+json' --header "x-webhook-secret: $CLOUDEVENTS_HOOK" \
  --data-binary @- "$HOOK_URL" <<JSON
{
  "specversion": "1.0",
  "id": "build-1",
  "source": "/pipelines/example",
  "type": "com.example.image.pushed",
  "time": "$(date -u +%Y-%m-%dT%H:%M:%SZ)",
  "datacontenttype": "application/json",
  "data": {
    "image": "ghcr.io/acme/payments:1.0.0"
  }
}
JSON
