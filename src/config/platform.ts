/** What a platform cannot do, said before anything is deployed there: each with its remedy. */

import type { Config } from '../domain/config.ts'
import { formatImage } from '../domain/image.ts'
import type { Subscription } from '../domain/subscription.ts'
import { FIRST_STAGES_PER_EVENT_MAX } from '../domain/invocation-limits.ts'
import { problemAt, type Path } from './problem.ts'
import type { Report } from './shape.ts'
import { entriesOf, keyPlaceOf, textOf, treeAt, type Tree } from './tree.ts'

/** `container` is `node` without any other program. */
export const PLATFORMS = ['node', 'container', 'cloudflare', 'aws'] as const
export type Platform = (typeof PLATFORMS)[number]

type Reader = { readonly root: Tree; readonly report: Report }
type Refusal = { readonly what: string; readonly hint: string }

type Limits = {
  /** Keys under `server:` that say nothing here. */
  readonly server: readonly string[]
  readonly plainGit: Refusal
  readonly files: Refusal
  /** By the key that makes the cluster what it is. */
  readonly clusters: Readonly<Record<string, Refusal>>
  readonly state: string
  /** One event is worked into each subscription that follows its image, in one invocation. */
  readonly followers: {
    /** Of their stages that wait for no other: each takes the candidate at once. */
    readonly stagesMax: number
    readonly why: string
  }
  /** Of ways to read a registry that are not there. */
  readonly pull: {
    /** Without keys that are written. Null: the platform gives them. */
    readonly aws: Refusal | null
    readonly profile: Refusal
    readonly google: Refusal
    readonly azure: Refusal
  }
}

const GOOGLE_CREDENTIALS = 'Write google: { credentials: env:NAME }, a reference to the JSON'
const AZURE_APPLICATION = 'Write azure: { application: { tenant:, client:, secret: env:NAME } }'

const WORKERS_CLUSTER = {
  what: 'a Worker reads no files, runs no credential plugins and trusts no private CA',
  hint: 'Write server: and token: for an API server with a publicly trusted certificate, or add vpc: for a Workers VPC service',
}

const WORKERS_MANAGED = {
  what: 'a Worker trusts no private CA, which managed clusters have',
  hint: 'Add vpc: with a Workers VPC service that leads to it',
}

const LIMITS: Readonly<Record<Exclude<Platform, 'node' | 'container'>, Limits>> = {
  cloudflare: {
    server: ['listen', 'state'],
    plainGit: {
      what: 'a Worker has no git program',
      hint: 'Deliver by pull request: github: owner/name. Plain Git needs Drayage on Node',
    },
    files: {
      what: 'a Worker has no files',
      hint: 'Write env:NAME, and store the value with: wrangler secret put NAME',
    },
    clusters: {
      kubeconfig: WORKERS_CLUSTER,
      inCluster: { ...WORKERS_CLUSTER, what: 'a Worker runs in no cluster' },
      eks: WORKERS_MANAGED,
      gke: WORKERS_MANAGED,
      aks: WORKERS_MANAGED,
    },
    state: 'Durable Objects and D1',
    followers: {
      stagesMax: FIRST_STAGES_PER_EVENT_MAX,
      why: 'a Worker may make 1,000 queries of D1 in one invocation',
    },
    pull: {
      aws: {
        what: 'a Worker has no identity at AWS',
        hint: 'Write aws: { keys: { id:, secret: env:NAME } }, of a user that may only pull or assume role:',
      },
      profile: { what: 'a Worker has no profiles', hint: 'Write aws: { keys: { id:, secret: env:NAME } }' },
      google: { what: 'a Worker has no account at Google', hint: `${GOOGLE_CREDENTIALS} of a service account's key` },
      azure: { what: 'a Worker has no managed identity', hint: AZURE_APPLICATION },
    },
  },
  aws: {
    server: ['listen', 'state'],
    plainGit: {
      what: 'a Lambda function has no git program',
      hint: 'Deliver by pull request: github: owner/name. Plain Git needs Drayage on Node',
    },
    files: { what: 'a Lambda function has no files of yours', hint: 'Write env:NAME' },
    clusters: {
      kubeconfig: {
        what: 'a Lambda function has no files of yours',
        hint: 'Write eks:, gke: or aks:, or server: and token: for one with a publicly trusted certificate',
      },
      inCluster: {
        what: 'a Lambda function runs in no cluster',
        hint: 'Write eks:, gke: or aks:, or server: and token: for one with a publicly trusted certificate',
      },
      vpc: { what: 'Workers VPC services are there on Cloudflare only', hint: 'Take it away' },
    },
    state: 'DynamoDB',
    followers: { stagesMax: 200, why: 'a Lambda function has three minutes' },
    pull: {
      aws: null,
      profile: { what: 'a Lambda function has no profiles', hint: 'Write aws: { role: } for another account' },
      google: {
        what: 'a Lambda function has no account at Google',
        hint: `${GOOGLE_CREDENTIALS} of a federation that trusts the function's role (no key), or of a key`,
      },
      azure: { what: 'a Lambda function has no managed identity', hint: AZURE_APPLICATION },
    },
  },
}

/** Reports what of the configuration cannot work there. */
export function checkPlatform(reader: Reader, platform: Platform, config: Config): void {
  if (platform === 'node') return checkNode(reader, config)
  if (platform === 'container') return checkContainer(reader, config)
  const limits = LIMITS[platform]
  checkServer(reader, limits)
  checkClusters(reader, limits)
  for (const [name, git] of Object.entries(config.git)) {
    if (!('github' in git)) refuse(reader, ['git', name, 'url'], limits.plainGit)
  }
  checkMail(reader, config)
  for (const section of ['registries', 'clusters', 'git', 'slack', 'notifications', 'server']) {
    refuseFiles(reader, [section], treeAt(reader.root, [section]), limits.files)
  }
  checkPulls(reader, limits, config)
  checkFollowers(reader, limits, config)
  if (config.server.tokens.length > 0) return
  const what = 'nobody may ask or act: outside of this machine the command line needs a token'
  const parts = { severity: 'warning', reason: 'missing', path: ['server', 'api', 'tokens'], what } as const
  reader.report(problemAt(keyPlaceOf(reader.root, parts.path), parts), parts.path)
}

function checkMail(reader: Reader, { notifications }: Config): void {
  for (const [name, { type }] of Object.entries(notifications)) {
    if (type !== 'email') continue
    const hint = 'Tell another channel, or run Drayage on Node'
    refuse(reader, ['notifications', name, 'type'], { what: 'no connection to a mail server is opened here', hint })
  }
}

/** Clouds give an identity to what runs with them; elsewhere it has to be written. */
function checkPulls(reader: Reader, { pull: refusals }: Limits, { registries }: Config): void {
  for (const [name, { pull }] of Object.entries(registries)) {
    const path = ['registries', name, 'pull']
    // Of several entries of one host, one says how it is read.
    if (pull === undefined || treeAt(reader.root, path) === undefined) continue
    if ('aws' in pull && pull.aws.keys === undefined && refusals.aws !== null) refuse(reader, path, refusals.aws)
    else if ('aws' in pull && pull.aws.profile !== undefined) refuse(reader, path, refusals.profile)
    if ('google' in pull && pull.google.credentials === undefined) refuse(reader, path, refusals.google)
    if ('azure' in pull && pull.azure.application === undefined) refuse(reader, path, refusals.azure)
  }
}

function checkContainer(reader: Reader, config: Config): void {
  checkNode(reader, config)
  const what = 'the container image has no git program'
  const hint = 'Deliver by pull request: github: owner/name. Plain Git needs Drayage on a machine that has git'
  for (const [name, git] of Object.entries(config.git)) {
    if (!('github' in git)) refuse(reader, ['git', name, 'url'], { what, hint })
  }
}

function checkNode(reader: Reader, { clusters }: Config): void {
  for (const [name, cluster] of Object.entries(clusters)) {
    if ('vpc' in cluster && cluster.vpc !== undefined)
      refuse(reader, ['clusters', name, 'vpc'], {
        what: 'Workers VPC services are there on Cloudflare only',
        hint: 'Take it away',
      })
  }
}

function checkServer(reader: Reader, limits: Limits): void {
  for (const key of limits.server) {
    if (treeAt(reader.root, ['server', key]) === undefined) continue
    const what = key === 'state' ? `state is kept in ${limits.state} here` : 'the platform listens for us'
    refuse(reader, ['server', key], { what, hint: 'Take it away' })
  }
  if (treeAt(reader.root, ['server', 'api', 'listen']) === undefined) return
  refuse(reader, ['server', 'api', 'listen'], { what: 'the platform listens for us', hint: 'Take it away' })
}

function checkClusters(reader: Reader, { clusters }: Limits): void {
  for (const [name, { tree }] of entriesOf(treeAt(reader.root, ['clusters']))) {
    for (const [key, refusal] of Object.entries(clusters)) {
      if (refusal === WORKERS_MANAGED && treeAt(tree, ['vpc']) !== undefined) continue
      if (treeAt(tree, [key]) !== undefined) refuse(reader, ['clusters', name, key], refusal)
    }
  }
}

function refuseFiles(reader: Reader, path: Path, tree: Tree | undefined, refusal: Refusal): void {
  if (tree?.kind === 'list') tree.items.forEach((item, index) => refuseFiles(reader, [...path, index], item, refusal))
  for (const [key, entry] of entriesOf(tree)) refuseFiles(reader, [...path, key], entry.tree, refusal)
  if (textOf(tree)?.startsWith('file:/') === true && path.at(-1) !== 'kubeconfig') refuse(reader, path, refusal)
}

function checkFollowers(reader: Reader, { followers: { stagesMax, why } }: Limits, { subscriptions }: Config): void {
  const counts = new Map<string, number>()
  for (const { name, image, stages } of subscriptions.flatMap(oneByOne)) {
    const text = formatImage(image)
    const before = counts.get(text) ?? 0
    const count = before + stages.filter(({ after }) => after.length === 0).length
    counts.set(text, count)
    if (before > stagesMax || count <= stagesMax) continue
    const what = `more than ${stagesMax} stages take ${text} from the registry, one event is worked into all of them at once, and ${why}`
    const hint =
      'Make them several targets of one stage (targets:), let some wait for others (after:), or run Drayage on Node'
    refuse(reader, ['subscriptions', name], { what, hint })
  }
}

function oneByOne({ name, images, stages }: Subscription) {
  return images.map((image) => ({ name, image, stages }))
}

function refuse({ root, report }: Reader, path: Path, { what, hint }: Refusal): void {
  report(problemAt(keyPlaceOf(root, path), { reason: 'not-on-platform', path, what, hint }), path)
}
