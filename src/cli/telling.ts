/** Records as lines for a person: one value, one line, and nothing that a terminal would obey. */

import type { Entry } from '../domain/history.ts'
import type { InboxRow, WalkStep } from '../domain/walk.ts'
import { escapeForTerminal } from '../escape.ts'
import type { StageStatus, SubscriptionStatus } from '../status.ts'

const LABEL_WIDTH = 24

export function tellEvent({ accepted, state, attempts }: InboxRow): string {
  const { id, event, assurance, receivedAt } = accepted
  const what = `${event.kind} of ${event.repository ?? event.occurrence ?? 'no image'}${event.tag === null ? '' : `:${event.tag}`}`
  const tries = attempts > 1 ? `, attempt ${attempts}` : ''
  return escapeForTerminal(`${instant(receivedAt)} ${id}: ${what} (${assurance}) ${state}${tries}`)
}

export function tellStep({ step, subscription, outcome, reason, detail }: WalkStep): string {
  const whose = subscription === undefined ? '' : `${subscription}: `
  return labelled(`  ${step}`, `${whose}${detail}${outcome === 'pass' ? '' : ` [${outcome}: ${reason}]`}`)
}

export function tellEntry(entry: Entry): string {
  const { at, document, seq, kind, stage, reason, detail, image, by, pusher } = entry
  const who = by === undefined ? '' : ` by ${by}`
  const whose = pusher === undefined ? '' : `, pushed by ${pusher}`
  const what = image === undefined || detail.includes(image) ? '' : ` ${image}`
  return escapeForTerminal(
    `${instant(at)} ${document}#${seq} ${stage ?? '-'} ${kind}${who} [${reason}]${what}: ${detail}${whose}`,
  )
}

export function tellSubscription({ subscription, damage, stages }: SubscriptionStatus): string {
  const damaged = damage === null ? [] : [labelled('  cannot be read', damage)]
  return [escapeForTerminal(subscription), ...damaged, ...stages.flatMap((stage) => tellStage(stage))].join('\n')
}

function tellStage({ stage, current, how, since, promotion, next, waits, refused }: StageStatus): readonly string[] {
  const whenHealthy = since === null ? how : `${how} since ${instant(since)}`
  return [
    labelled(`  ${stage}`, `${current ?? 'not known yet'} (${whenHealthy})`),
    ...(promotion === null
      ? []
      : [labelled('    promotion', `${promotion.id} ${promotion.phase}: ${promotion.image}`)]),
    ...(next === null ? [] : [labelled('    next', next)]),
    ...waits.map((wait) => labelled('    waits', wait)),
    ...refused.map(({ image, reason, detail, by }) =>
      labelled('    refused', `${image}: ${reason}${by === null ? '' : ` by ${by}`}, ${detail}`),
    ),
  ]
}

export function labelled(label: string, text: string): string {
  return `${escapeForTerminal(label).padEnd(LABEL_WIDTH)} ${escapeForTerminal(text)}`
}

function instant(at: number): string {
  return new Date(at).toISOString()
}
