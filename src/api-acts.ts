/** What people do through the API: approve, reject, promote, pause, resume, pin, unpin, roll back. Each with a reason, in the history. */

import * as z from 'zod'
import type { Call, Reply } from './api.ts'
import { releaseOf, type Candidate } from './domain/candidate.ts'
import type { Note } from './domain/history.ts'
import { formatImage, parseImageReference } from './domain/image.ts'
import { lineId, type Line } from './domain/line.ts'
import type { Promotion } from './domain/promotion.ts'
import { formatImages, imageNamed } from './domain/release.ts'
import type { Subscription } from './domain/subscription.ts'
import type { Vote } from './domain/vote.ts'
import { isNamed, type Input } from './decide/index.ts'
import { createLook, gather, inspect } from './gather.ts'
import { pause, resume } from './pause.ts'
import { advance } from './pipeline.ts'
import { listAll } from './status.ts'

const TEXT_LENGTH_MAX = 1024
const REASON_LENGTH_MAX = 500
const Text = z.string().min(1).max(TEXT_LENGTH_MAX)
const Reason = z.string().trim().min(1).max(REASON_LENGTH_MAX)

export const StageBody = z.strictObject({ subscription: Text, stage: Text, reason: Reason })
/** `candidate`: its digest, its tag, or the image: whoever says yes says to what. */
export const CandidateBody = StageBody.extend({ candidate: Text })
/** Without a subscription: everything. Without a stage: all stages. */
export const ScopeBody = z.strictObject({ subscription: Text.optional(), stage: Text.optional(), reason: Reason })
export const ReportBody = CandidateBody.extend({ check: Text, state: z.enum(['held', 'failed']) })

type Decision = Vote['decision']

export function voted(decision: Decision) {
  return async (input: z.infer<typeof CandidateBody>, call: Call): Promise<Reply> => {
    const { actor, ports, options } = call
    const { stage, reason, candidate } = input
    const found = await promotionAt(input, call)
    if (!('promotion' in found)) return found
    const { line, promotion } = found
    const vote: Vote = {
      by: actor.person,
      how: 'api',
      groups: [],
      decision,
      reason,
      at: ports.now(),
      shown: `${candidate}; ${shownOf(promotion)}`.slice(0, TEXT_LENGTH_MAX),
    }
    const notes = await advance(line.id, { kind: 'vote', stage, promotion: promotion.id, vote }, ports)
    options.poke()
    const refused = notes.find(({ reason: why }) => why === 'vote-not-counted')
    if (refused !== undefined) return refuse(400, refused.detail)
    const counted = notes.some(({ kind }) => kind === 'approved' || kind === 'rejected')
    const image = formatImages(promotion.candidate)
    return { status: 200, body: { [decision === 'approve' ? 'approved' : 'rejected']: image, counted } }
  }
}

/** What a person saw, as the record of it. */
function shownOf({ proof, gates }: Promotion): string {
  const outcomes = (proof?.outcomes ?? []).map(({ rule, state }) => `${rule} ${state}`)
  return [...outcomes, ...gates.map(({ gate, state }) => `${gate} ${state}`)].join('; ')
}

type Named = { readonly subscription: string; readonly stage: string; readonly candidate: string }

/** What waits at the stage, where it is what was meant. */
async function promotionAt(
  { subscription, stage, candidate }: Named,
  { ports }: Call,
): Promise<Reply | { readonly line: Line; readonly promotion: Promotion }> {
  const loaded = await ports.documents.load(lineId(subscription))
  const promotion = loaded?.document.kind === 'line' ? loaded.document.stages[stage]?.promotion : undefined
  if (loaded?.document.kind !== 'line' || promotion === undefined) {
    return refuse(404, `nothing is on its way to ${subscription}/${stage}`)
  }
  if (isNamed(promotion.candidate, candidate)) return { line: loaded.document, promotion }
  return refuse(404, `what is on its way to ${subscription}/${stage} is ${formatImages(promotion.candidate)}`)
}

/** A CI job's word on a check that waits for one. */
export async function reported(input: z.infer<typeof ReportBody>, call: Call): Promise<Reply> {
  const { check, state, reason, stage } = input
  const found = await promotionAt(input, call)
  if (!('promotion' in found)) return found
  const { actor, ports } = call
  const report = {
    kind: 'report',
    by: actor.person,
    stage,
    check,
    state,
    reason,
    promotion: found.promotion.id,
  } as const
  return answered(await advance(found.line.id, report, ports), call, { reported: check })
}

export function promoted(kind: 'promote' | 'break-glass') {
  return (input: z.infer<typeof CandidateBody>, call: Call): Promise<Reply> => bring(kind, input, call)
}

async function bring(
  kind: 'promote' | 'break-glass',
  input: z.infer<typeof CandidateBody>,
  call: Call,
): Promise<Reply> {
  const { actor, ports } = call
  const { subscription: name, stage, candidate: written, reason } = input
  const subscription = ports.config().config.subscriptions.find((one) => one.name === name)
  if (subscription === undefined) return refuse(404, `there is no subscription ${name}`)
  const resolved = await resolve(subscription, written, call)
  if ('error' in resolved) return refuse(400, resolved.error)
  const now = ports.now()
  const seen = { observedAt: now, cause: `${kind} by ${actor.person}`, since: now }
  const candidate = await releaseOf(resolved.images, seen)
  const act = { kind, candidate, stage, by: actor.person, reason } as const
  const notes = await advance(lineId(name), act, ports)
  const isAsked = notes.some(({ reason: why }) => why === 'break-glass-asked')
  return answered(notes, call, { [isAsked ? 'asked' : 'promoted']: formatImages(candidate) })
}

/** The tag as it stands in the registry now; with a digest, exactly that content under the tag that is written. */
async function resolve(
  subscription: Subscription,
  written: string,
  { ports }: Call,
): Promise<{ readonly images: Candidate['images'] } | { readonly error: string }> {
  const whole = parseImageReference(
    written.includes('/') ? written : `${formatImage(subscription.images[0])}:${written}`,
  )
  if (!whole.ok || whole.value.tag === null) return { error: 'expected a tag, or image:tag, or image:tag@sha256:…' }
  const { tag, digest } = whole.value
  const named = imageNamed(subscription, whole.value)
  if (named === null) return { error: `the subscription follows ${formatImages(subscription)}` }
  const { registries } = ports
  const look = createLook(tag, registries)
  const first = digest === null ? await look(named) : await inspect({ ...named, tag, digest }, registries)
  if (!first.ok) return { error: `${first.error.reason}: ${first.error.detail}` }
  const gathered = await gather(subscription, first.value.image, look)
  switch (gathered.state) {
    case 'complete':
      return { images: [...gathered.images] }
    case 'incomplete':
      return { error: `no ${tag} of ${gathered.missing.map(formatImage).join(', ')}, which are released together` }
    case 'refused':
      return { error: `${formatImage(gathered.name)}: ${gathered.problem.reason}: ${gathered.problem.detail}` }
  }
}

export function actedAt(kind: 'pin' | 'unpin' | 'rollback') {
  return async ({ subscription, stage, reason }: z.infer<typeof StageBody>, call: Call): Promise<Reply> => {
    const { actor, ports } = call
    if ((await ports.documents.load(lineId(subscription))) === null) {
      return refuse(404, `there is no subscription ${subscription}, or nothing was ever offered to it`)
    }
    const act: Input = { kind, stage, by: actor.person, reason }
    return answered(await advance(lineId(subscription), act, ports), call, { [kind]: `${subscription}/${stage}` })
  }
}

export async function paused({ subscription, stage, reason }: z.infer<typeof ScopeBody>, call: Call): Promise<Reply> {
  const { actor, ports } = call
  const place = { subscription: subscription ?? null, stage: stage ?? null }
  await pause(ports, { ...place, by: actor.person, reason })
  await tellLines(place, { act: 'pause', reason }, call)
  return { status: 200, body: { paused: describePlace(place) } }
}

export async function resumed({ subscription, stage, reason }: z.infer<typeof ScopeBody>, call: Call): Promise<Reply> {
  const { ports, options } = call
  const place = { subscription: subscription ?? null, stage: stage ?? null }
  const lifted = await resume(ports, place)
  if (lifted === null) return refuse(404, `${describePlace(place)} is not paused; see drayage status`)
  const why = `${reason}; was paused by ${lifted.by}: ${lifted.reason}`
  await tellLines(place, { act: 'resume', reason: why }, call)
  options.poke()
  return { status: 200, body: { resumed: describePlace(place) } }
}

type Place = { readonly subscription: string | null; readonly stage: string | null }

function describePlace({ subscription, stage }: Place): string {
  return `${subscription ?? 'everything'}${stage === null ? '' : `/${stage}`}`
}

/** The switch is thrown already; those whose history cannot be written now are told in the log. */
async function tellLines(
  { subscription, stage }: Place,
  { act, reason }: { readonly act: 'pause' | 'resume'; readonly reason: string },
  { actor, ports, options }: Call,
): Promise<void> {
  const lines = (await listAll(ports.documents)).filter(
    (document) => document.kind === 'line' && (subscription === null || document.subscription === subscription),
  )
  for (const { id } of lines) {
    const told = advance(id, { kind: 'noted', act, by: actor.person, reason, stage }, ports)
    await told.catch((error: unknown) => {
      const detail = error instanceof Error ? error.message : 'unknown failure'
      options.log.error('act not recorded', { document: id, act, by: actor.person, detail })
    })
  }
}

/** An act that changed nothing says why. */
function answered(notes: readonly Note[], { options }: Call, body: object): Reply {
  const refused = notes.find(({ reason }) => reason === 'act-refused')
  if (refused !== undefined) return refuse(400, refused.detail)
  options.poke()
  return { status: 200, body: { ...body, notes: notes.map(({ kind, detail }) => `${kind}: ${detail}`) } }
}

function refuse(status: 400 | 404, error: string): Reply {
  return { status, body: { error } }
}
