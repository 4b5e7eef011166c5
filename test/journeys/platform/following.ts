/** A platform without a git program follows a repository on GitHub: seen only from outside. */

import { createHmac, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/cli/client.ts'
import { createRepository } from '../../helpers/git-repository.ts'
import { serveGitHubFiles } from '../../helpers/github-files.ts'
import { eventually } from '../../helpers/service.ts'
import type { StartPlatform } from './platform.ts'

const TIMEOUT_MS = 300_000
const [TOKEN, HUB, PUSH, OLD_PUSH] = ['CANARY-token', 'CANARY-hub', 'CANARY-push', 'CANARY-old']

const subscription = (name: string): string => `  ${name}:
    image: docker.io/acme/${name}
    tags: { semver: ">=1" }
    verify: none
    stages: { dev: { git: platform, file: dev.yaml } }
`
const first = `version: 1
registries: { hub: { host: docker.io, events: { type: harbor, secret: env:HUB } } }
subscriptions:
${subscription('one')}`

export function describeFollowing(name: string, start: StartPlatform): void {
  describe(`${name} that follows a repository`, () => {
    it(
      'has what the repository says, follows changes, refuses a bad one, and goes on while GitHub is away',
      async () => {
        const git = createRepository({ 'drayage/prod.yaml': first })
        const github = await startGitHub(git)
        const platform = await start({
          config: {
            version: 1,
            server: {
              api: { tokens: [{ person: 'ann', role: 'operator', token: 'env:TOKEN' }] },
              config: { git: 'platform', file: 'drayage/prod.yaml', secret: ['env:PUSH', 'env:OLD_PUSH'] },
            },
            git: { platform: { github: 'acme/platform', token: 'env:GITHUB', api: github.url } },
          },
          secrets: { TOKEN, HUB, PUSH, OLD_PUSH, GITHUB: 'CANARY-github' },
        })
        try {
          const client = () => createClient({ url: platform.api, token: TOKEN })
          const names = async () => (await client().status({})).subscriptions.map((one) => one.subscription).toSorted()
          const history = async () => (await client().history({ limit: '100' })).entries
          const has = (what: string, wanted: readonly string[]) =>
            eventually(what, async () => (await names().catch(() => [])).join() === wanted.join())
          await has('the first one', ['one'])
          expect(await knock(platform.hooks, '/hooks/hub', HUB)).not.toBe(404)
          expect(await knock(platform.hooks, '/hooks/other', HUB)).toBe(404)

          const commit = git.commit({
            'drayage/prod.yaml': `${first}${subscription('two')}`.replace(
              '{ hub:',
              '{ other: { events: { type: webhook, secret: env:HUB } }, hub:',
            ),
          })
          expect(await push(platform.hooks, 'CANARY-wrong')).toBe(401)
          expect(await push(platform.hooks, OLD_PUSH)).toBe(200)
          await has('the second one', ['one', 'two'])
          await eventually('its hook', async () => (await knock(platform.hooks, '/hooks/other', HUB)) !== 404)
          const applied = (await history()).filter(({ kind }) => kind === 'configured')
          expect(applied.map(({ seq, reference }) => [seq, reference])).toEqual([
            [2, commit],
            [1, expect.any(String)],
          ])
          expect(new Set(applied.map(({ config }) => config)).size).toBe(2)

          const bad = git.commit({ 'drayage/prod.yaml': `${first}server: { api: { tokens: [] } }\n` })
          expect(await push(platform.hooks, PUSH)).toBe(200)
          await eventually('it is refused', async () =>
            (await history()).some(({ kind, reference }) => kind === 'configuration-refused' && reference === bad),
          )
          expect(await names()).toEqual(['one', 'two'])

          await github.close()
          await platform.restart()
          await has('what was good last', ['one', 'two'])
          expect(await knock(platform.hooks, '/hooks/other', HUB)).not.toBe(404)
        } finally {
          await platform.stop()
          await github.close()
          git.close()
        }
      },
      TIMEOUT_MS,
    )
  })
}

async function startGitHub(git: ReturnType<typeof createRepository>) {
  const server = createServer((request, response) => {
    const [status, body] = serveGitHubFiles(git, decodeURIComponent(request.url ?? ''))
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Whether there is such a registry: it answers 404, or anything else. */
async function knock(hooks: string, path: string, secret: string): Promise<number> {
  const headers = { authorization: secret, 'content-type': 'application/json' }
  return (await fetch(`${hooks}${path}`, { method: 'POST', headers, body: '{}' })).status
}

async function push(hooks: string, secret: string): Promise<number> {
  const body = JSON.stringify({ ref: 'refs/heads/main' })
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': signature,
  }
  return (await fetch(`${hooks}/configuration`, { method: 'POST', headers, body })).status
}
