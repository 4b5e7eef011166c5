/**
 * Amazon EventBridge's events of ECR and Inspector, whatever brought them: API destination, SNS, SQS or Lambda.
 * Nobody signs their bytes: what makes them credible is the way they came.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
 */

import * as z from 'zod'
import type { Registry } from '../domain/image.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { describeIssue } from './body.ts'
import { ClaimedId, ClaimedTime, derivedId, partId } from './claim.ts'
import { hostOf, isSamePlace, placeOf, Account, Region } from './ecr-host.ts'
import { detailOf, type Said } from './eventbridge-detail.ts'
import { receivedOf, type Reading } from './readings.ts'
import type { BodyRefusalReason, Received, Refusal } from './receiver.ts'

const TYPE_LENGTH_MAX = 256

/** Unknown members are passed over: a connection may add some of its own. */
const Envelope = z.object({
  id: ClaimedId,
  'detail-type': z.string().max(TYPE_LENGTH_MAX),
  // Customers cannot send events under `aws.`: any other source is a rule without a filter, or a forgery.
  source: z.enum(['aws.ecr', 'aws.inspector2']),
  account: Account,
  region: Region,
  time: ClaimedTime,
  detail: z.unknown(),
})
type Envelope = z.infer<typeof Envelope>

export type EventBridgeContext = {
  readonly now: number
  /** The configured registry, with which account and region are compared. Null: the event's claim is shown. */
  readonly host: Registry | null
}
type Parsed = Result<Received, Refusal<BodyRefusalReason>>

/** One event as EventBridge writes it. */
export function parseEventBridge(event: unknown, context: EventBridgeContext): Parsed {
  const envelope = Envelope.safeParse(event)
  if (!envelope.success) return unknownSchema(envelope.error)
  const said = detailOf(envelope.data['detail-type']).safeParse(envelope.data.detail)
  if (!said.success) return unknownSchema(said.error)
  return ok(receivedOf(said.data.map((one, index) => read(one, envelope.data, { ...context, index }))))
}

function read(said: Said, envelope: Envelope, about: EventBridgeContext & { readonly index: number }): Reading {
  if ('passed' in said) return err({ reason: said.passed, detail: said.detail })
  const { place = envelope, ...facts } = said
  const configured = about.host === null ? null : placeOf(about.host)
  if (about.host !== null && (configured === null || !isSamePlace(place, configured))) {
    return err({ reason: 'other-registry', detail: `it is about ${hostOf(place)}` })
  }
  // An event that contradicts itself claims nothing.
  const claim = isSamePlace(place, envelope) ? hostOf(place) : null
  const event = { ...facts, registry: about.host ?? claim, pusher: null, occurredAt: envelope.time }
  const id = envelope.id ?? derivedId(event, about.now)
  return ok({ id: partId(id, about.index), ...event })
}

function unknownSchema(error: z.ZodError): Parsed {
  return err({ reason: 'unknown-schema', detail: describeIssue(error) })
}
