#!/bin/sh
# Sets quay up to tell Drayage. Generated; `drayage init quay` prints it with your own names and a fresh secret.
# HOOK_URL is where it sends to, QUAY_HOOK the secret that drayage.yaml refers to.
set -eu
: "${HOOK_URL:?expected https://drayage.example.com/hooks/<name of the entry>}" "${QUAY_HOOK:?expected the secret}"

# QUAY_TOKEN: an OAuth token that may administer the repository.
curl --fail-with-body --header "authorization: Bearer $QUAY_TOKEN" --json @- \
  'https://quay.io/api/v1/repository/acme/payments/notification/' <<JSON
{
  "event": "repo_push",
  "method": "webhook",
  "config": {
    "url": "$HOOK_URL/$QUAY_HOOK"
  },
  "eventConfig": {},
  "title": "drayage"
}
JSON
