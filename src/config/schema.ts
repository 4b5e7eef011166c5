/** The file's own shape, short forms included: what `drayage.schema.json` and the reference are generated from. */

import * as z from 'zod'
import { Channel } from '../domain/channel.ts'
import {
  ApiToken,
  ClusterConfig,
  ConfigSource,
  GitHubRepository,
  Listen,
  PlainRepository,
  PullCredential,
  StateConfig,
} from '../domain/config.ts'
import { CLOUDS } from '../domain/cloud-registries.ts'
import { Duration } from '../domain/duration.ts'
import { Assurance } from '../domain/event.ts'
import { Registry } from '../domain/image.ts'
import { ScanSettings } from '../domain/scan-settings.ts'
import { OidcIssuer } from '../domain/oidc.ts'
import { Name, OwnerName, PusherName } from '../domain/subscription.ts'
import { RawBreakGlass } from './break-glass.ts'
import { RawGate } from './gates-schema.ts'
import { RawHealth } from './health.ts'
import { RawRollback } from './rollback.ts'
import { RawSigner, RawTrust, RawVerify } from './verification-schema.ts'
import { PersonConfig, SlackConfig } from '../domain/slack.ts'
import { GitHubName, Source } from '../domain/source.ts'
import { TagFilter } from '../domain/tag-filter.ts'
import { GitTarget, WorkloadTarget } from '../domain/target.ts'

const INCLUDES_MAX = 100
const TARGETS_MAX = 300
const IMAGE_LENGTH_MAX = 1024
/** Each is resolved, verified and shown with every release. */
const IMAGES_MAX = 8

const Include = z.string().min(1).max(1024)

const RawEvents = z.looseObject({ type: z.string().min(1).max(64) })

const EVENTS_PER_MINUTE_MAX = 60_000
const PUSHERS_MAX = 1_000
const OWNERS_MAX = 32
/** A registry is no clock: who must know sooner has it send webhooks. */
export const SWEEP_MS_MIN = 10_000
const SETTLE_MS_MAX = 10 * 60_000

const orNone = (expected: string, from: number, to: number) =>
  z
    .union([z.literal('none'), Duration.refine((ms) => ms >= from && ms <= to, expected)], { error: expected })
    .optional()

/** A store looks at what waits by the second, and nobody waits longer than a day. */
const BATCH_MS_MIN = 10_000
const BATCH_MS_MAX = 24 * 60 * 60_000
const Batch = orNone('expected none or a duration of 10s to 24h, such as 10m', BATCH_MS_MIN, BATCH_MS_MAX)

const RawRegistry = z.strictObject({
  host: Registry.optional().describe(
    "The registry's host, with its port where it is not 443: `docker.io`, `registry.example.com:5000`. May be left out where the type of `events:` says it, or serves many hosts.",
  ),
  events: RawEvents.optional().describe(
    "Who may tell us about pushes: the receiver's `type` and its own settings. The registry posts to `/hooks/<name of this entry>`.",
  ),
  pull: z
    .union([z.enum(CLOUDS), ...PullCredential.options], {
      error: 'expected aws, google or azure, username: and password:, or dockerConfig:',
    })
    .optional()
    .describe(
      "How we read the registry. `aws`, `google`, `azure`: by the identity of the process in its registry's own cloud. Left out: anonymously.",
    ),
  scan: ScanSettings.optional().describe(
    'Who scans its images, asked by the credentials of `pull:`: `ecr` (basic), `inspector2` (enhanced), `harbor`, `quay`, or Google and Azure with what they need. Left out: only reports that were attested count.',
  ),
  tokenHost: Registry.optional().describe(
    'The exact host that may ask for our credentials, where it is neither the registry itself nor a well-known one.',
  ),
  insecure: z.boolean().optional().describe('`true`: plain HTTP. Default: only for loopback addresses.'),
  eventsPerMinute: z
    .number()
    .int()
    .min(1)
    .max(EVENTS_PER_MINUTE_MAX)
    .optional()
    .describe(
      'How many authentic events are taken in a minute; the rest is asked to come later. Bounds what a leaked secret can cost. Default 600.',
    ),
  settle: orNone('expected none or a duration of at most 10m, such as 5s', 1_000, SETTLE_MS_MAX).describe(
    'A push waits for so long, and all events of the same tag that come meanwhile are one. Default: `3s` for `dockerhub`, which tells of one push several times, else `none`.',
  ),
  sweep: orNone(
    'expected none or a duration of at least 10s, such as 15m',
    SWEEP_MS_MIN,
    Number.MAX_SAFE_INTEGER,
  ).describe('How often we look ourselves whether a push was missed because its webhook was lost. Default `15m`.'),
})
export type RawRegistry = z.infer<typeof RawRegistry>

const RawGit = z.union([GitHubRepository, PlainRepository], {
  error: 'expected a repository: github: owner/name, or url: https://host/path or /path',
})

const Names = z.array(Name).min(1).max(64)
const After = z
  .union([Name, z.array(Name).max(64), z.strictObject({ any: Names }), z.strictObject({ all: Names })], {
    error: 'expected the name of a stage, a list of names (all of them), or any: with a list',
  })
  .optional()
  .describe('The stages that must be healthy with a candidate before it comes here. None: it comes from the registry.')

const RawCluster = z.union(ClusterConfig.options, {
  error:
    'expected a cluster: kubeconfig: file:/path, inCluster: true, eks:, gke:, aks:, or server: https://host and token:',
})

const Gates = z.array(RawGate).max(32).optional()
const RawSharedStage = z.strictObject({
  after: After,
  verify: RawVerify.optional().describe('What every image must prove here, on top of what its subscription demands.'),
  gates: Gates.describe('What must hold before any image comes here. Subscriptions may add more.'),
  health: RawHealth.optional().describe('What is well after a delivery. Subscriptions may add more.'),
  batch: Batch.describe(
    'For so long what goes from here to Git waits for other subscriptions, to be one commit and one pull request with them. A subscription may say otherwise. Default `none`.',
  ),
  breakGlass: RawBreakGlass.optional().describe(
    'Which two people together may go around its soak, its windows and its scans. Left out: nobody.',
  ),
  rollback: RawRollback.optional().describe('How it goes back to what was healthy.'),
})
export type RawSharedStage = z.infer<typeof RawSharedStage>

const ofStage = {
  after: After,
  verify: RawVerify.optional().describe('What an image must prove here, on top of what the subscription demands.'),
  gates: Gates.describe('What must hold before it comes here, after the gates of the shared stage.'),
  health: RawHealth.optional().describe('What is well after a delivery, beside the rollout of the workload itself.'),
  batch: Batch.describe(
    'For so long what goes from here to Git waits for other subscriptions, to be one commit and one pull request with them; of several windows the shortest counts. Left out: as the subscription, else as the shared stage says.',
  ),
  breakGlass: RawBreakGlass.optional().describe(
    'Which two people together may go around its soak, its windows and its scans. A shared stage says it alone. Left out: nobody.',
  ),
  rollback: RawRollback.optional().describe('How it goes back to what was healthy.'),
}

const ImageText = z.string().min(1).max(IMAGE_LENGTH_MAX)
const TakenImage = ImageText.optional().describe(
  'Which image of `images:` it takes. Left out: a file without `field` takes all of them, each found by its name.',
)

const RawGitTarget = GitTarget.omit({ kind: true, merge: true })
  .extend({
    image: TakenImage,
    merge: GitTarget.shape.merge
      .optional()
      .describe(
        '`by-person` (default): a person merges the pull request. `when-approved`: Drayage does, when every gate holds.',
      ),
  })
  .strict()

const RawWorkloadTarget = WorkloadTarget.omit({ kind: true, takeover: true })
  .extend({
    image: TakenImage,
    takeover: z
      .boolean()
      .optional()
      .describe('`true`: patch although a GitOps controller or a server-side applier owns the field.'),
  })
  .strict()

const RawTarget = z.union([RawGitTarget, RawWorkloadTarget], {
  error: 'expected a target: git and file, or cluster, namespace, workload and container',
})
export type RawTarget = z.infer<typeof RawTarget>

const RawManyTargets = z.strictObject({
  targets: z
    .array(RawTarget)
    .min(1)
    .max(TARGETS_MAX)
    .describe('Several places that get the image together: it is healthy when it is so at all of them.'),
})

const RawStage = z.union(
  [
    RawGitTarget.extend(ofStage).strict(),
    RawWorkloadTarget.extend(ofStage).strict(),
    RawManyTargets.extend(ofStage).strict(),
  ],
  { error: 'expected a target: git and file, or cluster, namespace, workload and container; or targets: with several' },
)
export type RawStage = z.infer<typeof RawStage>

const RawTags = z.union(TagFilter.options, {
  error: 'expected a tag filter with one of semver, numerical, alphabetical, calver, newestPush, digestOf',
})

const RawSubscription = z.strictObject({
  image: ImageText.optional().describe(
    'The image that we follow, without tag and digest: `docker.io/acme/payments`. This or `images`.',
  ),
  images: z
    .array(ImageText)
    .min(1)
    .max(IMAGES_MAX)
    .optional()
    .describe('Several images that are released together, when the same tag of each is there.'),
  tags: RawTags.describe('Which tags count, and which of two is newer.'),
  verify: RawVerify.describe(
    'What must be proven of an image, such as `{ signature: ci }`. Compulsory: `none` has to be written out, and is shown wherever the image is.',
  ),
  assurance: Assurance.optional().describe(
    'How well the sender of an event must have proven itself at least. Events below are recorded and cause nothing. Default: whatever its receiver lets in.',
  ),
  pushers: z
    .array(PusherName)
    .min(1)
    .max(PUSHERS_MAX)
    .optional()
    .describe(
      "Whose pushes are taken, by the names that events give. Needs events of assurance `authenticated-sender` or better; all others are recorded with a notice. Default: everybody's.",
    ),
  owners: z
    .array(OwnerName)
    .min(1)
    .max(OWNERS_MAX)
    .optional()
    .describe(
      'Who is named in the notice when a scanner finds something in what runs already: persons or teams. Default: whoever pushed it.',
    ),
  source: z
    .union([GitHubName, Source], { error: 'expected owner/name, or github: owner/name with what is told there' })
    .optional()
    .describe('The repository that it is built from: `owner/name`, or with what its developers are told there.'),
  batch: Batch.describe('`batch` of all its stages that do not say otherwise.'),
  stages: z.record(Name, RawStage).describe('The steps on the way to production, each with its target.'),
})
export type RawSubscription = z.infer<typeof RawSubscription>

const RawServer = z.strictObject({
  listen: Listen.optional().describe('Where registries reach us. Default `127.0.0.1:8080`.'),
  api: z
    .strictObject({
      listen: Listen.optional().describe('Default `127.0.0.1:8081`.'),
      tokens: z
        .array(ApiToken)
        .max(1000)
        .optional()
        .describe('Who may ask and act: each token is a person with a role.'),
      oidc: z
        .array(OidcIssuer)
        .max(16)
        .optional()
        .describe(
          'Whose signed tokens (OpenID Connect) count, and who is who by their claims: an identity provider for people, GitHub Actions for jobs.',
        ),
    })
    .optional()
    .describe('Where people and scrapers reach us: a listener of its own.'),
  state: StateConfig.optional().describe(
    'Where state is kept: the file of the embedded store, for one process, or a PostgreSQL database. Default `.drayage/state.db`.',
  ),
  config: ConfigSource.optional().describe(
    'A Git repository that holds the rest of this configuration: read while the service runs, so that a change needs no restart and no deployment.',
  ),
})

export type RawServer = z.infer<typeof RawServer>

/** The maps of named things: these may be spread over several files. */
export const SECTIONS = {
  registries: RawRegistry,
  clusters: RawCluster,
  git: RawGit,
  notifications: Channel,
  people: PersonConfig,
  trust: RawTrust,
  signers: RawSigner,
  stages: RawSharedStage,
  subscriptions: RawSubscription,
} as const
export type Section = keyof typeof SECTIONS

/** Everything but the sections. */
const TOP = {
  version: z.literal(1).describe('The version of this format.'),
  mode: z
    .enum(['act', 'observe'])
    .optional()
    .describe('`act` (default), or `observe`: decide and record everything, touch nothing.'),
  include: z
    .union([Include, z.array(Include).max(INCLUDES_MAX)], { error: 'expected a path, or a list of paths' })
    .optional()
    .describe(
      'More files, relative to this one (`apps/*.yaml`). Their maps are merged with ours; the same name twice is an error.',
    ),
  slack: SlackConfig.optional().describe('The chat where stages ask for approval.'),
  server: RawServer.optional().describe('How `drayage serve` listens and where it keeps its state.'),
} as const

const SECTION_TEXTS: Readonly<Record<Section, string>> = {
  registries: 'Where images live, who may tell us about pushes, how we read.',
  clusters: 'Kubernetes clusters to deliver to.',
  git: 'Git repositories to deliver to.',
  notifications: 'Where news goes that asks nobody anything.',
  people: 'The same persons in several places: in Slack, at GitHub, as who pushes.',
  trust: 'Trusted roots by which signatures are proven, beside the public one of Sigstore.',
  signers: 'Whose signatures count, by the names that `verify:` uses.',
  stages: 'Stages shared by all subscriptions, in their order.',
  subscriptions: 'The images that we follow, and where they go.',
}

function fileWith(section: (name: Section) => z.ZodType) {
  return z.strictObject({
    ...TOP,
    registries: section('registries'),
    clusters: section('clusters'),
    notifications: section('notifications'),
    people: section('people'),
    git: section('git'),
    trust: section('trust'),
    signers: section('signers'),
    stages: section('stages'),
    subscriptions: section('subscriptions'),
  })
}

/** The top of the file alone; the entries of its sections are read one by one. */
export const TOP_LEVEL = fileWith(() => z.record(z.string(), z.unknown()).nullish())

/** The whole file as one schema; `events` is what the receivers of this version take. */
export function fileSchema(events: z.ZodType): z.ZodType {
  const registry = RawRegistry.extend({
    events: events.optional().describe(RawRegistry.shape.events.description ?? ''),
  })
  return fileWith((name) =>
    z
      .record(Name, name === 'registries' ? registry : SECTIONS[name])
      .optional()
      .describe(SECTION_TEXTS[name]),
  )
}
