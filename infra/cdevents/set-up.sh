#!/bin/sh
# Sets cdevents up to tell Drayage. Generated; `drayage init cdevents` prints it with your own names and a fresh secret.
# HOOK_URL is where it sends to, CDEVENTS_HOOK the secret that drayage.yaml refers to.
set -eu
: "${HOOK_URL:?expected https://drayage.example.com/hooks/<name of the entry>}" "${CDEVENTS_HOOK:?expected the secret}"

# What the pipeline sends, once an image is pushed:
curl --fail-with-body --header 'content-type: application/cloudevents+json' --header "x-webhook-secret: $CDEVENTS_HOOK" \
  --data-binary @- "$HOOK_URL" <<JSON
{
  "specversion": "1.0",
  "id": "build-1",
  "source": "/pipelines/example",
  "type": "dev.cdevents.artifact.published.0.3.0",
  "datacontenttype": "application/json",
  "data": {
    "context": {
      "version": "0.5.0",
      "id": "build-1",
      "source": "/pipelines/example",
      "type": "dev.cdevents.artifact.published.0.3.0",
      "timestamp": "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
    },
    "subject": {
      "id": "pkg:oci/payments?repository_url=ghcr.io/acme/payments&tag=1.0.0",
      "type": "artifact",
      "content": {}
    }
  }
}
JSON
