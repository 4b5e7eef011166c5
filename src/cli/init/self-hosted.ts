/** Registries that people run themselves. */

import { ownerOf, postJson, type Recipe } from './recipe.ts'

const asSecret: Pick<Recipe, 'events'> = { events: ({ secret }) => `secret: ${secret}` }

export const selfHosted: Readonly<Record<string, Recipe>> = {
  distribution: {
    ...asSecret,
    host: 'registry.example.com',
    setUp: ({ secret }) =>
      `# Into the registry's config.yml; then start it anew.
cat <<YAML
notifications:
  endpoints:
    - name: drayage
      url: $HOOK_URL
      headers: { Authorization: ['$${secret}'] }
      timeout: 2s
      threshold: 3
      backoff: 1s
      ignore: { mediatypes: [application/octet-stream] }
YAML`,
  },
  gitlab: {
    ...asSecret,
    host: 'registry.gitlab.example.com',
    setUp: ({ secret }) =>
      `# Into /etc/gitlab/gitlab.rb; then: sudo gitlab-ctl reconfigure
cat <<RUBY
registry['notifications'] = [{
  'name' => 'drayage', 'url' => '$HOOK_URL',
  'timeout' => '2s', 'threshold' => 3, 'backoff' => '1s',
  'headers' => { 'Authorization' => ['$${secret}'] }
}]
RUBY`,
  },
  gitea: {
    ...asSecret,
    host: 'git.example.com',
    setUp: ({ image, secret }) =>
      `# Forgejo takes the same. GITEA_TOKEN: a token with the scope write:organization.
${postJson(
  `curl --fail-with-body --header "authorization: token $GITEA_TOKEN" --json @- \\
  'https://${image.registry}/api/v1/orgs/${ownerOf(image)}/hooks'`,
  {
    type: 'gitea',
    active: true,
    events: ['package'],
    config: { url: '$HOOK_URL', content_type: 'json', secret: `$${secret}` },
  },
)}`,
  },
  harbor: {
    ...asSecret,
    host: 'harbor.example.com',
    setUp: ({ image, secret }) =>
      `# HARBOR_USER: a person or robot that administers the project. curl asks for the password.
${postJson(
  `curl --fail-with-body --user "$HARBOR_USER" --json @- \\
  'https://${image.registry}/api/v2.0/projects/${ownerOf(image)}/webhook/policies'`,
  {
    name: 'drayage',
    enabled: true,
    event_types: ['PUSH_ARTIFACT', 'DELETE_ARTIFACT', 'SCANNING_COMPLETED'],
    targets: [{ type: 'http', address: '$HOOK_URL', auth_header: `$${secret}`, skip_cert_verify: false }],
  },
)}`,
  },
  jfrog: {
    ...asSecret,
    host: 'acme.jfrog.io',
    repository: 'docker-local/payments',
    setUp: ({ image, secret }) =>
      `# JFROG_TOKEN: an access token of an administrator.
${postJson(
  `curl --fail-with-body --header "authorization: Bearer $JFROG_TOKEN" --json @- \\
  'https://${image.registry}/event/api/v1/subscriptions'`,
  {
    key: 'drayage',
    description: 'Images for Drayage',
    enabled: true,
    event_filter: {
      domain: 'docker',
      event_types: ['pushed', 'promoted', 'deleted'],
      criteria: { anyLocal: false, repoKeys: [ownerOf(image)], includePatterns: [], excludePatterns: [] },
    },
    handlers: [{ handler_type: 'webhook', url: '$HOOK_URL', secret: `$${secret}`, use_secret_for_signing: true }],
  },
)}`,
  },
  mirantis: {
    ...asSecret,
    host: 'msr.example.com',
    setUp: ({ image, secret }) =>
      `# MSR_USER: an administrator of the repository. curl asks for the password.
${postJson(`curl --fail-with-body --user "$MSR_USER" --json @- 'https://${image.registry}/api/v0/webhooks'`, {
  endpoint: `$HOOK_URL/$${secret}`,
  key: image.repository,
  type: 'TAG_PUSH',
})}`,
  },
  nexus: {
    ...asSecret,
    host: 'nexus.example.com:8443',
    setUp: ({ secret }) =>
      `# In Nexus, under System, Capabilities: create a capability of the type "Webhook: Repository", choose the Docker repository and
# the event type component; URL and secret key are:
printf '%s\\n' "$HOOK_URL" "$${secret}"`,
  },
  zot: {
    host: 'zot.example.com',
    events: ({ secret }) => `username: drayage, password: ${secret}`,
    setUp: ({ secret }) =>
      `# Into zot's configuration; then start it anew.
${postJson('cat', {
  extensions: {
    events: {
      enable: true,
      sinks: [
        {
          type: 'http',
          address: '$HOOK_URL',
          timeout: '10s',
          credentials: { username: 'drayage', password: `$${secret}` },
        },
      ],
    },
  },
})}`,
  },
}
