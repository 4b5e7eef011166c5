#!/bin/sh
# Sets jfrog up to tell Drayage. Generated; `drayage init jfrog` prints it with your own names and a fresh secret.
# HOOK_URL is where it sends to, JFROG_HOOK the secret that drayage.yaml refers to.
set -eu
: "${HOOK_URL:?expected https://drayage.example.com/hooks/<name of the entry>}" "${JFROG_HOOK:?expected the secret}"

# JFROG_TOKEN: an access token of an administrator.
curl --fail-with-body --header "authorization: Bearer $JFROG_TOKEN" --json @- \
  'https://acme.jfrog.io/event/api/v1/subscriptions' <<JSON
{
  "key": "drayage",
  "description": "Images for Drayage",
  "enabled": true,
  "event_filter": {
    "domain": "docker",
    "event_types": [
      "pushed",
      "promoted",
      "deleted"
    ],
    "criteria": {
      "anyLocal": false,
      "repoKeys": [
        "docker-local"
      ],
      "includePatterns": [],
      "excludePatterns": []
    }
  },
  "handlers": [
    {
      "handler_type": "webhook",
      "url": "$HOOK_URL",
      "secret": "$JFROG_HOOK",
      "use_secret_for_signing": true
    }
  ]
}
JSON
