/** `drayage lint-tags`: what a repository's tags tell of how images are named, and the tag filter that they suggest. */

import { parseArgs } from 'node:util'
import { createGuardedFetch } from '../clients/address-guard.ts'
import { createEcr } from '../clients/aws/ecr-lazy.ts'
import { createHttp } from '../clients/http.ts'
import { createRegistries } from '../clients/registry/registries.ts'
import { loadConfigFile, readSecretFile } from '../config/files.ts'
import { createSecrets } from '../config/secrets.ts'
import type { Config } from '../domain/config.ts'
import { formatImage, isTag, parseImageReference, type Digest, type ImageName } from '../domain/image.ts'
import type { Registries } from '../domain/registry.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { escapeForTerminal } from '../escape.ts'
import type { Command, ExitCode, Io } from './command.ts'
import { configOptions } from './config-options.ts'
import { sortTags, type Tagged } from './lint-tags/convention.ts'
import { findingsOf, isWorthSaying, type Findings, type Sighting } from './lint-tags/findings.ts'
import { propose } from './lint-tags/proposal.ts'
import { DEFAULT_CONFIG, loadForUse } from './load.ts'
import { printJson } from './output.ts'
import { reachToRead, reachOptions, type Reads } from './reach.ts'

const SAMPLE = 20
const SAMPLE_MAX = 500
const HISTORY_PAGES_MAX = 20
const SHOWN_MAX = 20
const LOOPBACK = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]+)?$/u

const help = `
Says of a repository's tags which fit no convention, which moved, and whether an image is known
by "latest" alone; and proposes a tag filter, tried on the tags that there are. Changes nothing.

Usage: drayage lint-tags REPOSITORY [options]

  REPOSITORY     such as ghcr.io/acme/payments
  --config FILE  with the credentials for the registry (default ${DEFAULT_CONFIG}, where it is there)
  --state FILE   the embedded store, which knows where tags pointed before
  --sample N     ask the registry what so many of the newest tags point at (default ${SAMPLE}); the
                 list of tags is one request more
  --json         {"repository", "tags", "conventions", "unconventional", "moved", "onlyLatest", "proposal"}

That a tag moved is known from the service's history, where one runs or its state can be read.
Exit code: 0 nothing to say, 1 something, 2 misuse.

Example:
  $ drayage lint-tags docker.io/acme/payments
`

const options = { ...reachOptions, sample: { type: 'string' } } as const

export const command: Command = { name: 'lint-tags', summary: "what a repository's tags tell, and a filter", help, run }

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const image = imageOf(positionals)
  if (!image.ok) return misuse(io, image.error)
  const sample = Number(values.sample ?? SAMPLE)
  if (!Number.isInteger(sample) || sample < 0 || sample > SAMPLE_MAX) {
    return misuse(io, `--sample: expected 0 to ${SAMPLE_MAX}`)
  }
  const registries = await registriesOf(image.value, values.config, io)
  if (registries === null) return 1
  const listed = await registries.listTags(image.value)
  if (!listed.ok) throw new Error(listed.error.detail)
  const tagged = sortTags(listed.value)
  const now = await digestsOf(image.value, newest(tagged, sample), registries)
  const reads = await reachToRead(values, { ...io, stderr: () => {} }).catch(() => null)
  const past = reads === null ? [] : await sightingsOf(image.value, reads)
  const stages = reads === null ? [] : await stagesOnLatest(image.value, reads)
  const found = findingsOf({ tagged, sightings: past, now, stages })
  const name = formatImage(image.value)
  if (values.json === true) printJson(io, { repository: name, ...found, proposal: shortOf(found) }, true)
  else for (const line of tell(name, found, past.length > 0)) io.stdout(`${escapeForTerminal(line)}\n`)
  return isWorthSaying(found) ? 1 : 0
}

function imageOf([text, ...others]: readonly string[]): Result<ImageName, string> {
  const image = parseImageReference(text ?? '')
  if (text === undefined || others.length > 0 || !image.ok)
    return err('expected one repository, such as ghcr.io/acme/payments')
  const { registry, repository, tag, digest } = image.value
  return tag === null && digest === null
    ? ok({ registry, repository })
    : err('expected a repository without tag and digest')
}

/** Anonymous without a configuration; by plain HTTP on this machine alone. Null where one is named that does not hold. */
async function registriesOf({ registry }: ImageName, file: string | undefined, io: Io): Promise<Registries | null> {
  const config = file === undefined ? await quietly(DEFAULT_CONFIG) : (await loadForUse(file, io))?.config
  if (file !== undefined && config === undefined) return null
  const secretOf = createSecrets({ env: io.env, readFile: readSecretFile, now: () => io.now() })
  const http = createHttp({ fetch: createGuardedFetch(), now: () => io.now(), random: Math.random })
  const isKnown = Object.values(config?.registries ?? {}).some(({ host }) => host === registry)
  const asked = isKnown ? {} : { '': { host: registry, insecure: LOOPBACK.test(registry) } }
  return createRegistries({
    http,
    registries: { ...config?.registries, ...asked },
    secretOf,
    now: () => io.now(),
    platform: { env: io.env, readFile: readSecretFile, createEcr },
  })
}

async function quietly(file: string): Promise<Config | undefined> {
  const loaded = await loadConfigFile(file, configOptions)
  return loaded.ok ? loaded.value.loaded.config : undefined
}

/** As the proposed filter orders them, and `latest`. */
function newest(tagged: readonly Tagged[], sample: number): readonly string[] {
  const proposal = propose(tagged)
  const ordered = proposal?.eligible ?? []
  const others = tagged.map(({ tag }) => tag).filter((tag) => tag !== 'latest' && !ordered.includes(tag))
  const hasLatest = tagged.some(({ tag }) => tag === 'latest')
  return sample === 0
    ? []
    : [...(hasLatest ? ['latest'] : []), ...[...ordered, ...others.toReversed()].slice(0, sample)]
}

/** One HEAD each, one after the other: a registry's limit is shared with the service. What is gone meanwhile is left out. */
async function digestsOf(
  image: ImageName,
  tags: readonly string[],
  registries: Registries,
): Promise<ReadonlyMap<string, Digest>> {
  const now = new Map<string, Digest>()
  for (const tag of tags) {
    const resolved = isTag(tag) ? await registries.resolve({ ...image, tag }) : null
    if (resolved?.ok === true) now.set(tag, resolved.value.digest)
  }
  return now
}

/** From events that named a digest, and from what was decided about pinned images. */
async function sightingsOf(image: ImageName, reads: Reads): Promise<readonly Sighting[]> {
  const name = formatImage(image)
  const found: Sighting[] = []
  let before: string | undefined
  for (let page = 0; page < HISTORY_PAGES_MAX; page += 1) {
    const { entries, next } = await reads.history({ image: `${name}:`, limit: '100', before })
    for (const entry of entries) {
      const pinned = parseImageReference(entry.image ?? '')
      if (!pinned.ok || pinned.value.tag === null || pinned.value.digest === null) continue
      if (formatImage({ registry: pinned.value.registry, repository: pinned.value.repository }) !== name) continue
      found.push({ tag: pinned.value.tag, digest: pinned.value.digest, at: entry.at })
    }
    if (next === null) break
    before = next
  }
  const { events } = await reads.explain(name)
  return [...found, ...events.flatMap((row) => seenBy(row, image))]
}

type Row = Awaited<ReturnType<Reads['explain']>>['events'][number]

function seenBy({ accepted: { event, receivedAt } }: Row, image: ImageName): readonly Sighting[] {
  const { kind, tag, digest, repository, registry } = event
  const isOurs = repository === image.repository && (registry === null || registry === image.registry)
  return kind === 'push' && isOurs && tag !== null && digest !== null
    ? [{ tag, digest, at: event.occurredAt ?? receivedAt }]
    : []
}

async function stagesOnLatest(image: ImageName, reads: Reads): Promise<readonly string[]> {
  const { subscriptions } = await reads.status({})
  return subscriptions.flatMap(({ subscription, stages }) =>
    stages.filter(({ current }) => isLatestOf(current, image)).map(({ stage }) => `${subscription}/${stage}`),
  )
}

function isLatestOf(current: string | null, { registry, repository }: ImageName): boolean {
  const running = parseImageReference(current ?? '')
  if (!running.ok) return false
  const { tag, digest, ...name } = running.value
  const isLatest = tag === 'latest' || (tag === null && digest === null)
  return isLatest && name.registry === registry && name.repository === repository
}

function tell(name: string, found: Findings, knowsThePast: boolean): readonly string[] {
  const { tags, conventions, unconventional, moved, onlyLatest, proposal } = found
  const kinds = Object.entries(conventions).map(([convention, count]) => `${convention} ${count}`)
  return [
    `${name}: ${tags} tags${kinds.length === 0 ? '' : `: ${kinds.join(', ')}`}`,
    ...listed('fit no convention', unconventional),
    ...listed(
      'moved',
      moved.filter(({ byIntent }) => !byIntent).map(({ tag, digests }) => `${tag} (${digests.join(' → ')})`),
    ),
    ...listed(
      'moved, as such tags do',
      moved.filter(({ byIntent }) => byIntent).map(({ tag }) => tag),
    ),
    ...(knowsThePast ? [] : ['where tags pointed before is not known here: no history of this image was found']),
    ...(onlyLatest === null ? [] : [tellLatest(onlyLatest)]),
    proposal === null
      ? 'no tag filter suggests itself'
      : `tags: ${JSON.stringify(proposal.filter)} # ${proposal.eligible.length} count, the newest is ${proposal.chosen}`,
  ]
}

/** Without the list of all tags that count. */
function shortOf({ proposal }: Findings): object | null {
  return proposal && { filter: proposal.filter, chosen: proposal.chosen, counts: proposal.eligible.length }
}

function tellLatest({ digest, compared, stages }: NonNullable<Findings['onlyLatest']>): string {
  const where = stages.length === 0 ? '' : `; it runs under that name in ${stages.join(', ')}`
  const alone = digest === null ? 'latest' : `latest (${digest}) has none of the ${compared} other tags that were asked`
  return `known by latest alone: ${alone}${where}. Push a version beside it`
}

function listed(what: string, items: readonly string[]): readonly string[] {
  if (items.length === 0) return []
  const more = items.length > SHOWN_MAX ? `, and ${items.length - SHOWN_MAX} more` : ''
  return [`${what}: ${items.slice(0, SHOWN_MAX).join(', ')}${more}`]
}

function misuse(io: Io, message: string): ExitCode {
  io.stderr(`drayage lint-tags: ${escapeForTerminal(message)}\nTry: drayage lint-tags --help\n`)
  return 2
}
