#!/bin/sh
# Sets dockerhub up to tell Drayage. Generated; `drayage init dockerhub` prints it with your own names and a fresh secret.
# HOOK_URL is where it sends to, DOCKERHUB_HOOK the secret that drayage.yaml refers to.
set -eu
: "${HOOK_URL:?expected https://drayage.example.com/hooks/<name of the entry>}" "${DOCKERHUB_HOOK:?expected the secret}"

# On Docker Hub, in the repository acme/payments, under Webhooks: any name, and this URL. Docker Hub has no documented API for it.
printf '%s\n' "$HOOK_URL/$DOCKERHUB_HOOK"
