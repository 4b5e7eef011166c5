/**
 * Events that came by a queue of the cloud's own, without HTTP. Nothing in them is proven: who may write to the queue is the
 * proof, and that is the deployment's (IAM, and a policy that names one sender).
 */

import type { RegistryConfig } from '../domain/config.ts'
import type { AcceptedEvent } from '../domain/event.ts'
import { Json } from '../domain/json.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { parseEventBridge } from './eventbridge.ts'

/** `ignored`: well-formed, and about nothing that we follow. */
type Unread = { readonly reason: 'not-json' | 'unknown-schema' | 'ignored'; readonly detail: string }
type Registries = Readonly<Record<string, Pick<RegistryConfig, 'host' | 'events'>>>

/** One message, for the configured registry that it is about. */
export function readQueued(
  body: string,
  registries: Registries,
  now: number,
): Result<readonly AcceptedEvent[], Unread> {
  const json = Json.safeParse(body)
  if (!json.success) return err({ reason: 'not-json', detail: 'the message is not JSON' })
  let unread: Unread = { reason: 'ignored', detail: 'no registry has events: { type: ecr, iam: true }' }
  for (const [source, { host, events }] of Object.entries(registries)) {
    // Written out by whoever configures: others of the account may write to its event bus.
    if (events?.type !== 'ecr' || events['iam'] !== true) continue
    const parsed = parseEventBridge(json.data, { now, host })
    if (!parsed.ok) return err({ reason: 'unknown-schema', detail: parsed.error.detail })
    const received = parsed.value
    if (received.outcome === 'events') {
      const accepted = { source, assurance: 'authenticated-sender', receivedAt: now } as const
      return ok(received.events.map((event) => ({ id: `${source}/${event.id}`, ...accepted, event })))
    }
    unread = { reason: 'ignored', detail: received.outcome === 'ignored' ? received.reason : received.outcome }
  }
  return err(unread)
}
