#!/bin/sh
# Sets mirantis up to tell Drayage. Generated; `drayage init mirantis` prints it with your own names and a fresh secret.
# HOOK_URL is where it sends to, MIRANTIS_HOOK the secret that drayage.yaml refers to.
set -eu
: "${HOOK_URL:?expected https://drayage.example.com/hooks/<name of the entry>}" "${MIRANTIS_HOOK:?expected the secret}"

# MSR_USER: an administrator of the repository. curl asks for the password.
curl --fail-with-body --user "$MSR_USER" --json @- 'https://msr.example.com/api/v0/webhooks' <<JSON
{
  "endpoint": "$HOOK_URL/$MIRANTIS_HOOK",
  "key": "acme/payments",
  "type": "TAG_PUSH"
}
JSON
