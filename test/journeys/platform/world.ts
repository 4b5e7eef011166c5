/** The world around a platform, on loopback: a registry that counts its requests, GitHub over real repositories, CI that signs. */

import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request as ask } from 'node:http'
import { createClient, type Client } from '../../../src/cli/client.ts'
import { startRegistry } from '../../../src/cli/demo/registry.ts'
import type { Entry } from '../../../src/domain/history.ts'
import { startFakeGitHub } from '../../helpers/fake-github.ts'
import { merge } from '../../helpers/fake-github-rest.ts'
import { createRepository } from '../../helpers/git-repository.ts'
import { entryOf, SENDER_TYPES, startIssuer } from '../../helpers/senders.ts'
import { eventually } from '../../helpers/service.ts'
import type { StartPlatform } from './platform.ts'

export const OPERATOR = 'ann'
export const OPERATOR_TOKEN = 'CANARY-of-the-operator'
/** Of every registry that is configured beside CI. */
export const SENDERS_HOOK = 'CANARY-of-the-senders'
/** Of every repository that is delivered to. */
export const GIT_HOOK = 'CANARY-of-the-git-host'
const VIEWER_TOKEN = 'CANARY-of-the-viewer'
export const OLD = '1.0.0'
const EVENTUALLY_MS = 60_000

export type Stages = Readonly<
  Record<
    string,
    {
      readonly after?: string
      readonly merge?: 'when-approved'
      readonly file?: string
      readonly gates?: readonly object[]
      readonly health?: object
    }
  >
>
export type Judged = {
  /** By subscription: a second image that is released with its own. */
  readonly companions?: Readonly<Record<string, string>>
  /** By subscription. Default: none. */
  readonly verify?: Readonly<Record<string, object>>
  readonly secrets?: Readonly<Record<string, string>>
  /** Beside `drayage.yaml`, by name. */
  readonly files?: Readonly<Record<string, string>>
  /** More entries for the registry at this host. */
  readonly registries?: (host: string) => Readonly<Record<string, object>>
  /** What that host answers beside its registry. */
  readonly answer?: Answer
}
type Answer = (path: string) => object | null
export type World = Awaited<ReturnType<typeof startWorld>>
export type Scene = ReturnType<World['scene']>

/** Each of `subscriptions` has an image, a repository on GitHub, and in it a file for each stage. */
export async function startWorld(
  start: StartPlatform,
  subscriptions: Readonly<Record<string, Stages>>,
  more: (registry: { readonly host: string }) => Readonly<Record<string, unknown>> = () => ({}),
  { companions = {}, verify = {}, secrets: judgesSecrets = {}, files = {}, registries, answer }: Judged = {},
) {
  const registry = await startRegistry()
  const front = await countRequests(registry.host, answer)
  const github = await startFakeGitHub()
  const issuer = await startIssuer(SENDERS_HOOK)
  const names = Object.keys(subscriptions)
  const imagesOf = (name: string): Images => {
    const [image, other] = [`${front.host}/acme/${name}`, companions[name]]
    return other === undefined ? [image] : [image, `${front.host}/acme/${other}`]
  }
  const gits = new Map(
    names.map((name) => [name, createRepository(filesOf(imagesOf(name), subscriptions[name] ?? {}))]),
  )
  const repositories = new Map([...gits].map(([name, git]) => [name, github.addRepository(`acme/${name}`, git)]))
  const key = randomBytes(32)
  const config = {
    version: 1,
    registries: {
      local: { host: front.host, insecure: true },
      ci: { events: { type: 'webhook', secret: 'env:CI_HOOK' } },
      limited: { events: { type: 'webhook', secret: 'env:CI_HOOK' }, eventsPerMinute: 2 },
      // As Azure would tell of the registry on loopback.
      azure: { ...entryOf('acr', 'SENDERS_HOOK', issuer.keys), host: front.host, sweep: 'none' },
      grid: { ...entryOf('acr-event-grid', 'SENDERS_HOOK', issuer.keys), host: front.host, sweep: 'none' },
      ...Object.fromEntries(SENDER_TYPES.map((type) => [type, entryOf(type, 'SENDERS_HOOK', issuer.keys)])),
      ...registries?.(front.host),
    },
    git: Object.fromEntries(
      names.map((name) => [
        name,
        { github: `acme/${name}`, app: github.appId, key: 'env:GITHUB_KEY', api: github.url, webhook: 'env:GIT_HOOK' },
      ]),
    ),
    subscriptions: Object.fromEntries(
      names.map((name) => [
        name,
        subscriptionOf(imagesOf(name), name, subscriptions[name] ?? {}, verify[name] ?? 'none'),
      ]),
    ),
    server: {
      api: {
        tokens: [
          { person: OPERATOR, role: 'operator', token: 'env:OPERATOR_TOKEN' },
          { person: 'vic', role: 'viewer', token: 'env:VIEWER_TOKEN' },
        ],
      },
    },
    ...more(front),
  }
  const secrets = {
    SENDERS_HOOK,
    CI_HOOK: `whsec_${key.toString('base64')}`,
    GITHUB_KEY: github.key,
    GIT_HOOK,
    OPERATOR_TOKEN,
    VIEWER_TOKEN,
    ...judgesSecrets,
  }
  const platform = await start({ config, secrets, files })
  const client = (token = OPERATOR_TOKEN): Client => createClient({ url: platform.api, token })

  return {
    platform,
    github,
    client,
    viewer: (): Client => client(VIEWER_TOKEN),
    /** What anybody could see afterwards: logs, history, events with their walks, measurements, what was sent to the registry. */
    async seen(): Promise<string> {
      const { entries } = await client().history({ limit: '500' })
      const walks = await Promise.all(names.map((name) => client().explain(name)))
      const authorization = `Bearer ${OPERATOR_TOKEN}`
      const metrics = await (await fetch(`${platform.api}/metrics`, { headers: { authorization } })).text()
      return [platform.log(), JSON.stringify([entries, walks]), metrics, ...front.said()].join('\n')
    },
    /** Of which nothing may be seen: keys as they are written, and one line from the middle of the long one. */
    hidden: ['CANARY', key.toString('base64'), github.key.split('\n')[3] ?? '', ...Object.values(judgesSecrets)],
    scene(name: string) {
      const git = gits.get(name)
      const repository = repositories.get(name)
      if (git === undefined || repository === undefined) throw new Error(`there is no subscription ${name}`)
      const [image, companion = ''] = imagesOf(name)
      const history = async (): Promise<readonly Entry[]> =>
        (await client().history({ subscription: name, limit: '500' })).entries
      return {
        image,
        companion,
        git,
        pulls: repository.pulls,
        client,
        history,
        /** Into the registry; nobody is told. */
        push: (tag: string, content = tag) => registry.pushImage(`acme/${name}`, tag, { content }),
        /** The second image of its releases. */
        pushCompanion: (tag: string) => registry.pushImage(`acme/${companions[name]}`, tag, { content: tag }),
        /** CI tells, signed as Standard Webhooks want it; the same `id` is the same message. */
        tell: (tag: string, { id = randomUUID(), secret = key, entry = 'ci', of = image }: Telling = {}) =>
          postSigned(`${platform.hooks}/hooks/${entry}`, secret, id, `${of}:${tag}`),
        requests: (): number => front.count(`acme/${name}`),
        /** A person merges the pull request that is open. */
        merge(): void {
          const open = repository.pulls.find(({ state }) => state === 'OPEN')
          if (open === undefined) throw new Error('there is no open pull request')
          Object.assign(open, {
            state: 'MERGED',
            mergeCommit: merge(repository, open, 'merge'),
            mergedBy: 'maintainer',
          })
        },
        close(): void {
          const open = repository.pulls.find(({ state }) => state === 'OPEN')
          if (open === undefined) throw new Error('there is no open pull request')
          Object.assign(open, { state: 'CLOSED', closedBy: 'maintainer' })
        },
        settled: (id: string) =>
          eventually(`the event ${id} is settled`, async () => (await eventOf(client(), id))?.state !== 'waiting'),
        recorded: (what: string, holds: (entry: Entry) => boolean, timeoutMs = EVENTUALLY_MS) =>
          eventually(`history of ${name}: ${what}`, async () => (await history()).some(holds), timeoutMs),
        until: (what: string, holds: () => boolean) => eventually(what, async () => holds(), EVENTUALLY_MS),
      }
    },
    async stop(): Promise<void> {
      await platform.stop()
      await github.close()
      await issuer.close()
      await front.close()
      await registry.close()
      for (const git of gits.values()) git.close()
    },
  }
}

export async function eventOf(client: Client, id: string) {
  return (await client.explain(id)).events.find(({ accepted }) => accepted.id === id) ?? null
}

export function manifest(image: string, tag: string, digest?: string): string {
  return `kind: Deployment\nspec:\n  image: ${image}:${tag}${digest === undefined ? '' : `@${digest}`} # ours\n`
}

type Images = readonly [string, ...string[]]

/** One document for each image. */
function filesOf(images: Images, stages: Stages): Record<string, string> {
  const text = images.map((image) => manifest(image, OLD)).join('---\n')
  return Object.fromEntries(Object.keys(stages).map((stage) => [`${stage}.yaml`, text]))
}

function subscriptionOf(images: Images, name: string, stages: Stages, verify: object | 'none'): object {
  const [image, ...others] = images
  return {
    ...(others.length === 0 ? { image } : { images }),
    tags: { semver: '>=1' },
    verify,
    stages: Object.fromEntries(
      Object.entries(stages).map(([stage, own]) => [stage, { git: name, file: `${stage}.yaml`, ...own }]),
    ),
  }
}

type Telling = { readonly id?: string; readonly secret?: Buffer; readonly entry?: string; readonly of?: string }
type Told = { readonly status: number; readonly outcome: string; readonly ids: readonly string[] }

async function postSigned(hook: string, key: Buffer, id: string, image: string): Promise<Told> {
  const body = JSON.stringify({ type: 'image.pushed', data: { image } })
  const seconds = Math.floor(Date.now() / 1000)
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')
  const response = await fetch(hook, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': `v1,${signature}`,
    },
    body,
  })
  const answer = (await response.json()) as { outcome?: string; events?: { id: string }[] }
  return {
    status: response.status,
    outcome: answer.outcome ?? '',
    ids: (answer.events ?? []).map((event) => event.id),
  }
}

/** In front of the registry: what is asked of each repository is counted, and passed on as it is. */
async function countRequests(target: string, answer: Answer = () => null) {
  const counts = new Map<string, number>()
  const said: string[] = []
  const server = createServer((incoming, response) => {
    const repository =
      /^\/v2\/(?<name>.+)\/(?:manifests|blobs|tags)\//u.exec(incoming.url ?? '')?.groups?.['name'] ?? ''
    counts.set(repository, (counts.get(repository) ?? 0) + 1)
    const { method, url, headers } = incoming
    said.push(JSON.stringify([url, headers]))
    const own = answer(url ?? '')
    if (own !== null) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(own))
      return
    }
    const outgoing = ask(`http://${target}${url}`, { method, headers }, (answered) => {
      response.writeHead(answered.statusCode ?? 502, answered.headers)
      answered.pipe(response)
    })
    outgoing.on('error', () => response.destroy())
    incoming.pipe(outgoing)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    host: `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    count: (repository: string): number => counts.get(repository) ?? 0,
    said: (): readonly string[] => said,
    async close(): Promise<void> {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
