/** `drayage wait`: for a pipeline that pushed an image and wants to know what became of it. */

import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { parseDuration } from '../domain/duration.ts'
import type { Entry, EntryKind } from '../domain/history.ts'
import { formatImage, isSameRepository, parseImageReference, type ImageReference } from '../domain/image.ts'
import { imagesIn } from '../domain/release.ts'
import type { SubscriptionStatus } from '../status.ts'
import type { Command, ExitCode, Io } from './command.ts'
import { printJson } from './output.ts'
import { reachToRead, REACH_HELP, reachOptions, type Reads } from './reach.ts'

const TIMEOUT_DEFAULT = '20m'
const LOOK_EVERY_MS = 2_000
const HISTORY_MAX = '200'

const help = `
Waits until an image is healthy on a stage, or until it is clear that it will not be: refused,
rejected, rolled back, superseded. For the step of a pipeline that comes after the push.

Usage: drayage wait IMAGE --stage NAME [--timeout 20m] [--json]

  --stage NAME    the stage to wait for
  --timeout SPAN  how long at most, such as 90s, 20m or 1h30m. Default ${TIMEOUT_DEFAULT}
${REACH_HELP}

Exit code: 0 healthy there, 1 it will not be, or not in time, 2 misuse.

Example:
  $ drayage wait docker.io/acme/payments:1.4.2 --stage prod --timeout 20m
`

const options = {
  ...reachOptions,
  stage: { type: 'string' },
  timeout: { type: 'string', default: TIMEOUT_DEFAULT },
} as const

export const command: Command = { name: 'wait', summary: 'until an image is healthy on a stage', help, run }

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const image = parseImageReference(positionals[0] ?? '')
  const timeoutMs = parseDuration(values.timeout)
  const problem =
    positionals.length !== 1 || !image.ok
      ? 'expected one image, such as docker.io/acme/payments:1.4.2'
      : values.stage === undefined
        ? 'expected --stage NAME'
        : timeoutMs === null
          ? `expected --timeout as a span of time, such as 20m; found ${JSON.stringify(values.timeout)}`
          : null
  if (problem !== null || !image.ok || values.stage === undefined || timeoutMs === null) {
    io.stderr(`drayage wait: ${problem}\nTry: drayage wait --help\n`)
    return 2
  }
  const end = await waitFor(await reachToRead(values, io), image.value, values.stage, {
    io,
    until: io.now() + timeoutMs,
  })
  if (values.json === true) printJson(io, { image: formatImage(image.value), stage: values.stage, ...end }, true)
  else io.stdout(`${end.outcome}: ${end.detail}\n`)
  return end.outcome === 'healthy' ? 0 : 1
}

/** How the waiting stands. `waiting` is the only one that is not an end. */
export type Outcome = {
  readonly outcome:
    | 'healthy'
    | 'refused'
    | 'rejected'
    | 'rolled-back'
    | 'superseded'
    | 'withdrawn'
    | 'timeout'
    | 'waiting'
  readonly detail: string
}

async function waitFor(
  reads: Reads,
  image: ImageReference,
  stage: string,
  { io, until }: { readonly io: Io; readonly until: number },
): Promise<Outcome> {
  let said = ''
  for (;;) {
    const [{ subscriptions }, { entries }] = await Promise.all([
      // Only what follows it: whoever waits asks every few seconds, and there may be hundreds.
      reads.status({ image: formatImage({ ...image, tag: null, digest: null }) }),
      reads.history({ image: nameOf(image), limit: HISTORY_MAX }),
    ])
    const now = outcomeOf(image, stage, subscriptions, entries)
    if (now.outcome !== 'waiting') return now
    if (now.detail !== said) io.stderr(`${now.detail}\n`)
    said = now.detail
    if (io.now() >= until) return { outcome: 'timeout', detail: `not in time; ${now.detail}` }
    await pause(Math.min(LOOK_EVERY_MS, Math.max(1, until - io.now())), io.signal)
  }
}

/** What the history finds entries by: with a digest that alone, since tags move. */
function nameOf(image: ImageReference): string {
  return image.digest ?? formatImage(image)
}

/** Pure: from how things stand and what was decided of the image, newest first. */
export function outcomeOf(
  image: ImageReference,
  stage: string,
  subscriptions: readonly SubscriptionStatus[],
  entries: readonly Entry[],
): Outcome {
  const following = subscriptions.flatMap(({ stages }) => stages).filter((one) => one.stage === stage)
  if (following.length === 0)
    return { outcome: 'refused', detail: `no subscription that follows it has a stage ${stage}` }
  const there = following.find(
    ({ current, how }) => isOf(image, current) && (how === 'healthy' || how === 'not-observed'),
  )
  if (there !== undefined) {
    const how = there.how === 'healthy' ? 'healthy' : 'delivered, its health not observed'
    return { outcome: 'healthy', detail: `${there.current ?? ''} is ${how} on ${stage}` }
  }
  const ends = newestByStage(entries.filter((entry) => isOf(image, entry.image ?? null)))
  for (const entry of ends) {
    // Older than what runs there: no time will bring it.
    const outcome = entry.kind === 'ignored' && entry.reason === 'older' ? 'superseded' : BAD[entry.kind]
    if (outcome !== undefined) {
      return { outcome, detail: `on ${entry.stage ?? 'all stages'}: ${entry.reason}: ${entry.detail}` }
    }
  }
  const waits = following.flatMap(({ promotion, waits: why }) => (isOf(image, promotion?.image ?? null) ? why : []))
  if (waits.length > 0) return { outcome: 'waiting', detail: `on ${stage}: ${waits.join('; ')}` }
  const [newest] = ends
  if (newest === undefined) return { outcome: 'waiting', detail: 'no event of it came yet' }
  return { outcome: 'waiting', detail: `on ${newest.stage ?? 'the way'}: ${newest.kind}: ${newest.reason}` }
}

const BAD: Readonly<Partial<Record<EntryKind, Outcome['outcome']>>> = {
  refused: 'refused',
  rejected: 'rejected',
  distrusted: 'refused',
  expired: 'rejected',
  failed: 'rolled-back',
  'rolled-back': 'rolled-back',
  superseded: 'superseded',
  withdrawn: 'withdrawn',
}

/** What was decided last at each stage; a later attempt forgives an earlier one. */
function newestByStage(entries: readonly Entry[]): readonly Entry[] {
  const seen = new Set<string>()
  return entries.filter(({ document, stage = '' }) => {
    const key = `${document}/${stage}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

/** By its digest where that is given, else by name and tag. */
function isOf(image: ImageReference, text: string | null): boolean {
  return imagesIn(text ?? '').some((one) => {
    const found = parseImageReference(one)
    if (!found.ok || !isSameRepository(found.value, image)) return false
    return image.digest === null ? found.value.tag === image.tag : found.value.digest === image.digest
  })
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
  if (signal.aborted) throw new Error('interrupted')
}
