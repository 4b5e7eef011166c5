#!/bin/sh
# Sets acr up to tell Drayage. Generated; `drayage init acr` prints it with your own names and a fresh secret.
# HOOK_URL is where it sends to, ACR_HOOK the secret that drayage.yaml refers to.
set -eu
: "${HOOK_URL:?expected https://drayage.example.com/hooks/<name of the entry>}" "${ACR_HOOK:?expected the secret}"

# In the subscription of acme.azurecr.io. By Event Grid, with tokens of Entra in place of the secret: infra/acr/event-grid.sh
az acr webhook create --registry 'acme' --name drayage --uri "$HOOK_URL" \
  --actions push delete quarantine chart_push chart_delete --headers "x-drayage-key=$ACR_HOOK"
