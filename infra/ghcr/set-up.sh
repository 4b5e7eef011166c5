#!/bin/sh
# Sets ghcr up to tell Drayage. Generated; `drayage init ghcr` prints it with your own names and a fresh secret.
# HOOK_URL is where it sends to, GHCR_HOOK the secret that drayage.yaml refers to.
set -eu
: "${HOOK_URL:?expected https://drayage.example.com/hooks/<name of the entry>}" "${GHCR_HOOK:?expected the secret}"

# The organisation's webhook (gh auth refresh --scopes admin:org_hook). For one repository: repos/OWNER/NAME/hooks.
gh api --method POST 'orgs/acme/hooks' --input - <<JSON
{
  "name": "web",
  "active": true,
  "events": [
    "package",
    "registry_package"
  ],
  "config": {
    "url": "$HOOK_URL",
    "content_type": "json",
    "insecure_ssl": "0",
    "secret": "$GHCR_HOOK"
  }
}
JSON
