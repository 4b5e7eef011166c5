#!/bin/sh
# Azure Container Registry tells Drayage by Event Grid, which proves itself with a token of Entra.
# REGISTRY is the registry's resource id (az acr show --name acme --query id --output tsv), TENANT and APPLICATION the Entra tenant
# and the application that the token is for, DEAD_LETTERS a blob container's resource id:
# …/storageAccounts/acme/blobServices/default/containers/drayage. Without it what cannot be delivered is lost after a day.
set -eu
: "${HOOK_URL:?expected https://drayage.example.com/hooks/<name of the entry>}" "${REGISTRY:?}" "${TENANT:?}" "${APPLICATION:?}"
: "${DEAD_LETTERS:?}"
# Once in each tenant: Event Grid's own application gets a role in ours, and only its tokens name it (role: in drayage.yaml).
# https://learn.microsoft.com/azure/event-grid/secure-webhook-delivery
az eventgrid event-subscription create --name drayage --source-resource-id "$REGISTRY" --endpoint "$HOOK_URL" \
  --included-event-types Microsoft.ContainerRegistry.ImagePushed Microsoft.ContainerRegistry.ImageDeleted \
  --event-delivery-schema cloudeventschemav1_0 --max-delivery-attempts 30 --event-ttl 1440 \
  --azure-active-directory-tenant-id "$TENANT" --azure-active-directory-application-id-or-uri "$APPLICATION" \
  --deadletter-endpoint "$DEAD_LETTERS"
cat <<YAML
# In drayage.yaml, under registries:
events: { type: acr, eventGrid: $REGISTRY, tenant: $TENANT, audience: $APPLICATION }
YAML
