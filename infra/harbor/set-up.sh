#!/bin/sh
# Sets harbor up to tell Drayage. Generated; `drayage init harbor` prints it with your own names and a fresh secret.
# HOOK_URL is where it sends to, HARBOR_HOOK the secret that drayage.yaml refers to.
set -eu
: "${HOOK_URL:?expected https://drayage.example.com/hooks/<name of the entry>}" "${HARBOR_HOOK:?expected the secret}"

# HARBOR_USER: a person or robot that administers the project. curl asks for the password.
curl --fail-with-body --user "$HARBOR_USER" --json @- \
  'https://harbor.example.com/api/v2.0/projects/acme/webhook/policies' <<JSON
{
  "name": "drayage",
  "enabled": true,
  "event_types": [
    "PUSH_ARTIFACT",
    "DELETE_ARTIFACT",
    "SCANNING_COMPLETED"
  ],
  "targets": [
    {
      "type": "http",
      "address": "$HOOK_URL",
      "auth_header": "$HARBOR_HOOK",
      "skip_cert_verify": false
    }
  ]
}
JSON
