/** Registries that others run. */

import { ownerOf, postJson, type Recipe } from './recipe.ts'

const inUrl: Pick<Recipe, 'events'> = { events: ({ secret }) => `secret: ${secret}` }

export const hosted: Readonly<Record<string, Recipe>> = {
  dockerhub: {
    ...inUrl,
    host: 'docker.io',
    setUp: ({ image, secret }) =>
      `# On Docker Hub, in the repository ${image.repository}, under Webhooks: any name, and this URL. Docker Hub has no documented API for it.
printf '%s\\n' "$HOOK_URL/$${secret}"`,
  },
  ghcr: {
    ...inUrl,
    host: 'ghcr.io',
    setUp: ({ image, secret }) =>
      `# The organisation's webhook (gh auth refresh --scopes admin:org_hook). For one repository: repos/OWNER/NAME/hooks.
${postJson(`gh api --method POST 'orgs/${ownerOf(image)}/hooks' --input -`, {
  name: 'web',
  active: true,
  events: ['package', 'registry_package'],
  config: { url: '$HOOK_URL', content_type: 'json', insecure_ssl: '0', secret: `$${secret}` },
})}`,
  },
  quay: {
    ...inUrl,
    host: 'quay.io',
    setUp: ({ image, secret }) =>
      `# QUAY_TOKEN: an OAuth token that may administer the repository.
${postJson(
  `curl --fail-with-body --header "authorization: Bearer $QUAY_TOKEN" --json @- \\
  'https://${image.registry}/api/v1/repository/${image.repository}/notification/'`,
  {
    event: 'repo_push',
    method: 'webhook',
    config: { url: `$HOOK_URL/$${secret}` },
    eventConfig: {},
    title: 'drayage',
  },
)}`,
  },
  alibaba: {
    ...inUrl,
    host: 'registry.cn-hangzhou.aliyuncs.com',
    setUp: ({ image, secret }) =>
      `# In the console, in the repository ${image.repository}, under Triggers: any name, this URL, the trigger All.
printf '%s\\n' "$HOOK_URL/$${secret}"`,
  },
}
