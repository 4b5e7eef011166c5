#!/bin/sh
# Sets zot up to tell Drayage. Generated; `drayage init zot` prints it with your own names and a fresh secret.
# HOOK_URL is where it sends to, ZOT_HOOK the secret that drayage.yaml refers to.
set -eu
: "${HOOK_URL:?expected https://drayage.example.com/hooks/<name of the entry>}" "${ZOT_HOOK:?expected the secret}"

# Into zot's configuration; then start it anew.
cat <<JSON
{
  "extensions": {
    "events": {
      "enable": true,
      "sinks": [
        {
          "type": "http",
          "address": "$HOOK_URL",
          "timeout": "10s",
          "credentials": {
            "username": "drayage",
            "password": "$ZOT_HOOK"
          }
        }
      ]
    }
  }
}
JSON
