#!/bin/sh
# Sets gitea up to tell Drayage. Generated; `drayage init gitea` prints it with your own names and a fresh secret.
# HOOK_URL is where it sends to, GITEA_HOOK the secret that drayage.yaml refers to.
set -eu
: "${HOOK_URL:?expected https://drayage.example.com/hooks/<name of the entry>}" "${GITEA_HOOK:?expected the secret}"

# Forgejo takes the same. GITEA_TOKEN: a token with the scope write:organization.
curl --fail-with-body --header "authorization: token $GITEA_TOKEN" --json @- \
  'https://git.example.com/api/v1/orgs/acme/hooks' <<JSON
{
  "type": "gitea",
  "active": true,
  "events": [
    "package"
  ],
  "config": {
    "url": "$HOOK_URL",
    "content_type": "json",
    "secret": "$GITEA_HOOK"
  }
}
JSON
