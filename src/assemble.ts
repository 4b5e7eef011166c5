/** Adapters chosen by the configuration: how registries are read, which delivery and which health check a target gets. The same on all platforms. */

import type { Cluster } from './clients/kubernetes.ts'
import { createFindSource, type FindSource } from './clients/github-sources.ts'
import type { Http } from './clients/http.ts'
import type { CredentialTools } from './clients/registry-credentials/index.ts'
import type { Commits, Delivery } from './delivery/delivery.ts'
import { createGitHubDelivery } from './delivery/github.ts'
import { createKubernetesDelivery } from './delivery/kubernetes.ts'
import { askAuthors, askGitHub } from './checks/github.ts'
import type { Asked, Probed } from './checks/probe.ts'
import type { Config } from './domain/config.ts'
import type { Measure } from './domain/measure.ts'
import type { CheckGate } from './domain/gate.ts'
import type { RegistryContent } from './domain/registry-content.ts'
import { formatImage, type PinnedImage } from './domain/image.ts'
import type { Commit, Source } from './domain/source.ts'
import type { Target } from './domain/target.ts'
import type { Outbound } from './effects.ts'
import type { HealthCheck } from './health/health.ts'
import { createKubernetesHealth } from './health/kubernetes.ts'
import { runningOf } from './health/rollout.ts'
import { createRuleCheck } from './health/rules.ts'
import { createRegistries, type RegistriesWithQuota } from './clients/registry/registries.ts'
import { createConfiguredSlack } from './conversations/slack.ts'
import { createGitHubTeller } from './notifications/github.ts'
import { createNotifier, type CreateMail } from './notifications/index.ts'
import { checkHttp } from './health/http.ts'
import { checkPrometheus } from './health/prometheus.ts'
import type { SecretOf } from './receivers/receiver.ts'
import { readClaimedCommit } from './verification/claimed-commit.ts'
import { createVerifier } from './verification/create-verifier.ts'
import { createManagedSigning } from './verification/notation/managed-signing.ts'
import { createRevocationChecks } from './verification/notation/revocation/configured.ts'
import { createScanSources } from './verification/scans/configured.ts'
import type { Verifier } from './verification/verifier.ts'

/** Two for each stage that asks. */
const CLAIMS_MAX = 1_000

/** What the platform gives. */
export type Parts = {
  readonly config: Config
  readonly clusterOf: (name: string) => Cluster
  /** For repositories that are reached with the `git` program; null where the platform has none. */
  readonly plainGit: (Delivery & Commits) | null
  readonly http: Http
  readonly secretOf: SecretOf
  readonly random: () => number
  readonly now: () => number
  readonly measure: Measure
  /** Where clouds' credentials are found, as registries are read by them. */
  readonly platform: Pick<CredentialTools, 'env' | 'readFile' | 'createEcr'>
  /** Absent: this platform opens no connection to a mail server. */
  readonly mail?: CreateMail | null
}

/** A file in Git shows what is wished, not what runs. */
const gitHealth: HealthCheck = {
  async check() {
    return { state: 'not-observed', detail: 'a file in Git shows what is wished, not what runs' }
  },
}

/** The ports that follow from the configuration; the others last longer than it. */
export function assemblePorts({
  config,
  clusterOf,
  plainGit,
  http,
  secretOf,
  random,
  now,
  measure,
  platform,
  mail = null,
}: Parts): Outbound & { readonly registries: RegistriesWithQuota } {
  const registries = createRegistries({
    http,
    registries: config.registries,
    secretOf,
    now,
    platform,
    onQuota: (registry, quota) => measure({ kind: 'quota', registry, remaining: quota.remaining }),
  })
  const clusters = new Map(Object.keys(config.clusters).map((name) => [name, clusterOf(name)]))
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
  const kubernetes = createKubernetesDelivery({ clusters, runningOf, sleep, random })
  const kubernetesHealth = createKubernetesHealth({ clusters, now })
  const claimed = new Map<string, Promise<Commit | null>>()
  /** What an image claims never changes: asked once, for as long as this process lives. */
  const claimedCommit = (image: PinnedImage, source: Source): Promise<Commit | null> => {
    const key = `${formatImage(image)} ${source.github}`
    const asked = claimed.get(key) ?? readClaimedCommit(registries.content, image, source)
    if (claimed.size >= CLAIMS_MAX) claimed.clear()
    claimed.set(key, asked)
    void asked.catch(() => claimed.delete(key))
    return asked
  }
  const find = createFindSource(config, { http, secretOf, now })
  const github = createGitHubDelivery({ git: config.git, http, secretOf, now })
  const deliveryTo = (target: Target): Delivery => {
    if (target.kind === 'workload') return kubernetes
    const repository = config.git[target.git]
    if (repository !== undefined && 'github' in repository) return github
    if (plainGit === null)
      throw new Error(`${target.git} is a plain Git repository, and this platform has no git program`)
    return plainGit
  }
  return {
    registries,
    verifier: verifierOf(config, { content: registries.content, http, secretOf, random, now, platform }),
    probe: {
      ask: (gate, asked) => probe(gate, asked, { http, find }),
      authorsOf: (commit, source) => askAuthors(commit, source, find),
    },
    teller: createGitHubTeller({ find, claimedCommit: ({ image }, source) => claimedCommit(image, source) }),
    claimedCommit,
    delivery: deliveryTo,
    proposals: () => github,
    commits: (name) => {
      if (plainGit === null) throw new Error(`${name} is a plain Git repository, and this platform has no git program`)
      return plainGit
    },
    healthRule: createRuleCheck({ clusters, http, now }),
    conversation: config.slack === undefined ? null : createConfiguredSlack(config.slack, { http, secretOf, now }),
    notifier: (name) => {
      const channel = config.notifications[name]
      return channel === undefined ? null : createNotifier(channel, { http, secretOf, now, mail })
    },
    health: (target) => (target.kind === 'workload' ? kubernetesHealth : gitHealth),
  }
}

/** Everything that proves, by the configured signers, and the scanners of the configured registries. */
function verifierOf(
  { signers, trust, registries }: Config,
  {
    content,
    http,
    secretOf,
    random,
    now,
    platform,
  }: Pick<Parts, 'http' | 'secretOf' | 'random' | 'now' | 'platform'> & { readonly content: RegistryContent },
): Verifier {
  const tools = { ...platform, http, secretOf, random, now }
  const revocation = createRevocationChecks(tools)
  const scanSources = createScanSources(registries, tools)
  const managedSigning = createManagedSigning(registries, signers, tools)
  return createVerifier({ content, signers, trust, revocation, scanSources, managedSigning, now })
}

/** What a gate asks, by the means of the health checks: not well is a no only where it is final. */
async function probe(
  { name, how }: CheckGate,
  asked: Asked,
  { http, find }: { readonly http: Http; readonly find: FindSource },
): Promise<Probed> {
  if (how.by === 'github') return askGitHub(how, asked, find)
  if (how.by === 'report') return { state: 'waiting', detail: `${name} was not reported yet` }
  const health = how.by === 'http' ? await checkHttp(http, how) : await checkPrometheus(http, how)
  if (health.state === 'healthy') return { state: 'held', detail: health.detail }
  return { state: 'waiting', detail: health.detail }
}
