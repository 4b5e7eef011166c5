/** The registries of AWS, Azure and Google. */

import { ECR_TEMPLATE } from './ecr-template.ts'
import type { Recipe } from './recipe.ts'

const PROJECT = /^[a-z][a-z0-9.:-]*$/u

/** A word of our own: `authorization` is what proxies log and other programs send. */
const ACR_HEADER = 'x-drayage-key'

export const clouds: Readonly<Record<string, Recipe>> = {
  acr: {
    host: 'acme.azurecr.io',
    pull: 'azure',
    events: ({ secret }) => `header: ${ACR_HEADER}, secret: ${secret}`,
    setUp: ({
      image,
      secret,
    }) => `# In the subscription of ${image.registry}. By Event Grid, with tokens of Entra in place of the secret: infra/acr/event-grid.sh
az acr webhook create --registry '${image.registry.split('.')[0] ?? ''}' --name drayage --uri "$HOOK_URL" \\
  --actions push delete quarantine chart_push chart_delete --headers "${ACR_HEADER}=$${secret}"`,
  },
  ecr: {
    host: '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
    pull: 'aws',
    events: ({ secret }) => `apiKey: ${secret}`,
    setUp: ({ image, secret }) => `# In the account and region of ${image.registry}.
cat > drayage-ecr.yml <<'YAML'
${ECR_TEMPLATE}YAML
aws cloudformation deploy --stack-name drayage-ecr --template-file drayage-ecr.yml --capabilities CAPABILITY_IAM \\
  --region '${regionOf(image.registry)}' --parameter-overrides HookUrl="$HOOK_URL" ApiKey="$${secret}"`,
  },
  gcr: {
    host: 'europe-docker.pkg.dev',
    pull: 'google',
    repository: 'acme/images/payments',
    hasSecret: false,
    events: ({ hook, image }) => `audience: ${hook}, serviceAccount: ${accountOf(image.repository)}`,
    setUp: ({ image }) => `# In the project ${projectOf(image.repository)}: the topic is always called gcr.
PROJECT='${projectOf(image.repository)}'
ACCOUNT='${accountOf(image.repository)}'
AGENT="serviceAccount:service-$(gcloud projects describe "$PROJECT" --format 'value(projectNumber)')@gcp-sa-pubsub.iam.gserviceaccount.com"
gcloud services enable pubsub.googleapis.com --project "$PROJECT"
for topic in gcr drayage-dead-letters; do
  gcloud pubsub topics describe "$topic" --project "$PROJECT" >/dev/null 2>&1 || gcloud pubsub topics create "$topic" --project "$PROJECT"
done
gcloud iam service-accounts create drayage-push --project "$PROJECT" --display-name 'Pushes registry events to Drayage'
gcloud iam service-accounts add-iam-policy-binding "$ACCOUNT" --project "$PROJECT" --member "$AGENT" \\
  --role roles/iam.serviceAccountTokenCreator
gcloud pubsub subscriptions create drayage --project "$PROJECT" --topic gcr --push-endpoint "$HOOK_URL" \\
  --push-auth-service-account "$ACCOUNT" --push-auth-token-audience "$HOOK_URL" --ack-deadline 30 \\
  --min-retry-delay 10s --max-retry-delay 600s --expiration-period never \\
  --dead-letter-topic drayage-dead-letters --max-delivery-attempts 100
gcloud pubsub subscriptions create drayage-dead-letters --project "$PROJECT" --topic drayage-dead-letters --expiration-period never
gcloud pubsub topics add-iam-policy-binding drayage-dead-letters --project "$PROJECT" --member "$AGENT" --role roles/pubsub.publisher
gcloud pubsub subscriptions add-iam-policy-binding drayage --project "$PROJECT" --member "$AGENT" --role roles/pubsub.subscriber`,
  },
}

function regionOf(host: string): string {
  return /\.dkr[.-]ecr(?:-fips)?\.(?<region>[a-z0-9-]+)\./u.exec(host)?.groups?.['region'] ?? ''
}

/** The first part of a repository there, on either host. */
function projectOf(repository: string): string {
  const project = repository.split('/')[0] ?? ''
  return PROJECT.test(project) ? project : ''
}

function accountOf(repository: string): string {
  return `drayage-push@${projectOf(repository)}.iam.gserviceaccount.com`
}
