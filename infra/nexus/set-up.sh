#!/bin/sh
# Sets nexus up to tell Drayage. Generated; `drayage init nexus` prints it with your own names and a fresh secret.
# HOOK_URL is where it sends to, NEXUS_HOOK the secret that drayage.yaml refers to.
set -eu
: "${HOOK_URL:?expected https://drayage.example.com/hooks/<name of the entry>}" "${NEXUS_HOOK:?expected the secret}"

# In Nexus, under System, Capabilities: create a capability of the type "Webhook: Repository", choose the Docker repository and
# the event type component; URL and secret key are:
printf '%s\n' "$HOOK_URL" "$NEXUS_HOOK"
