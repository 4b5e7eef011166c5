/** Senders that are no registries: pipelines and brokers, which tell about images wherever these are. */

import { formatImage } from '../../domain/image.ts'
import { postJson, type Recipe } from './recipe.ts'

const sender: Pick<Recipe, 'host' | 'manyHosts' | 'events'> = {
  host: 'ghcr.io',
  manyHosts: true,
  events: ({ secret }) => `secret: ${secret}`,
}

export const pipelines: Readonly<Record<string, Recipe>> = {
  webhook: {
    ...sender,
    newSecret: (bytes) => `whsec_${btoa(String.fromCharCode(...bytes))}`,
    setUp: ({ image, secret }) =>
      `# GitHub Actions, for a repository of that name; for others, set the same two by hand. The job itself:
# drayage init webhook --ci github-actions (or gitlab-ci, jenkins, circleci)
printf %s "$${secret}" | gh secret set DRAYAGE_HOOK --repo '${image.repository}'
gh variable set DRAYAGE_HOOK_URL --repo '${image.repository}' --body "$HOOK_URL"`,
  },
  cdevents: {
    ...sender,
    setUp: ({ image, secret }) =>
      `# What the pipeline sends, once an image is pushed:
${postJson(
  `curl --fail-with-body --header 'content-type: application/cloudevents+json' --header "x-webhook-secret: $${secret}" \\
  --data-binary @- "$HOOK_URL"`,
  {
    specversion: '1.0',
    id: 'build-1',
    source: '/pipelines/example',
    type: 'dev.cdevents.artifact.published.0.3.0',
    datacontenttype: 'application/json',
    data: {
      context: {
        version: '0.5.0',
        id: 'build-1',
        source: '/pipelines/example',
        type: 'dev.cdevents.artifact.published.0.3.0',
        timestamp: '$(date -u +%Y-%m-%dT%H:%M:%SZ)',
      },
      subject: {
        id: `pkg:oci/${image.repository.split('/').at(-1) ?? ''}?repository_url=${formatImage(image)}&tag=1.0.0`,
        type: 'artifact',
        content: {},
      },
    },
  },
)}`,
  },
  cloudevents: {
    ...sender,
    setUp: ({ image, secret }) =>
      `# What the broker sends, once an image is pushed:
${postJson(
  `curl --fail-with-body --header 'content-type: application/cloudevents+json' --header "x-webhook-secret: $${secret}" \\
  --data-binary @- "$HOOK_URL"`,
  {
    specversion: '1.0',
    id: 'build-1',
    source: '/pipelines/example',
    type: 'com.example.image.pushed',
    time: '$(date -u +%Y-%m-%dT%H:%M:%SZ)',
    datacontenttype: 'application/json',
    data: { image: `${formatImage(image)}:1.0.0` },
  },
)}`,
  },
}
