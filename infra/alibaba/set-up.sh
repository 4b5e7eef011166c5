#!/bin/sh
# Sets alibaba up to tell Drayage. Generated; `drayage init alibaba` prints it with your own names and a fresh secret.
# HOOK_URL is where it sends to, ALIBABA_HOOK the secret that drayage.yaml refers to.
set -eu
: "${HOOK_URL:?expected https://drayage.example.com/hooks/<name of the entry>}" "${ALIBABA_HOOK:?expected the secret}"

# In the console, in the repository acme/payments, under Triggers: any name, this URL, the trigger All.
printf '%s\n' "$HOOK_URL/$ALIBABA_HOOK"
