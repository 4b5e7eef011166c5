/** The port of all receivers: one registry's request → events, or why not. */

import type * as z from 'zod'
import type { Assurance, RegistryEvent } from '../domain/event.ts'
import type { Http } from '../clients/http.ts'
import type { Registry } from '../domain/image.ts'
import { ok, type Result } from '../domain/result.ts'
import type { Secret, SecretReference } from '../domain/secret.ts'

/** A request as bytes: authenticated over these bytes before anything reads them. */
export type ReceiverRequest = {
  readonly method: string
  /** Lower-case names; a header that came twice has both values, and no receiver takes a credential from such a one. */
  readonly headers: ReadonlyMap<string, readonly string[]>
  readonly query: URLSearchParams
  /** What stood after `/hooks/<registry>/`, where something did. */
  readonly pathSecret: string | null
  readonly body: Uint8Array
}

export type Received =
  | { readonly outcome: 'events'; readonly events: readonly RegistryEvent[]; readonly skipped?: readonly Skipped[] }
  | { readonly outcome: 'ping' }
  | {
      readonly outcome: 'validation'
      /** The proof that the sender asks for. */
      readonly reply: string
      /** What to answer, where the sender wants it in a form of its own. */
      readonly answer?: { readonly body: string; readonly headers: Readonly<Record<string, string>> }
    }
  | { readonly outcome: 'ignored'; readonly reason: IgnoredReason; readonly skipped?: readonly Skipped[] }

/** Authentic, but nothing that anybody could act on. */
export type IgnoredReason =
  | 'no-events'
  /** A pull, a mount, an event type that is not about images. */
  | 'other-action'
  /** A layer or a configuration. */
  | 'blob'
  /** A Helm chart, a policy bundle …: something that no workload runs. */
  | 'not-an-image'
  /** Neither a tag nor a well-formed digest. */
  | 'nothing-named'
  /** From the right sender, about a registry that is not the configured one. */
  | 'other-registry'
  /** The registry was asked back, and knows nothing of it. */
  | 'not-confirmed'
  | 'malformed-event'

/** What came along in the same body and is no event of ours: one bad neighbour never costs the others. */
export type Skipped = { readonly index: number; readonly reason: IgnoredReason; readonly detail: string }

/** Found before anything of the body is believed; such a request causes no write. */
export type AuthenticationRefusalReason =
  | 'missing-credential'
  | 'duplicate-credential'
  | 'wrong-credential'
  | 'stale-timestamp'
/** Found after authentication. */
export type BodyRefusalReason = 'unsupported-content-type' | 'not-json' | 'unknown-schema'
export type RefusalReason = AuthenticationRefusalReason | BodyRefusalReason
export type Refusal<R extends RefusalReason = RefusalReason> = { readonly reason: R; readonly detail: string }

/**
 * How a sender behaves when it is answered; `app.ts` has the table of status codes.
 * `blocking-queue` retries for ever and holds back what comes after, `gives-up` switches itself off after a few refusals: both
 * get 2xx for all that is authentic.
 */
export type SenderProfile = 'default' | 'blocking-queue' | 'gives-up' | 'pubsub' | 'event-grid' | 'slack'

/** Whether this is the message's HMAC, compared in constant time. */
export type IsHmac = (
  hash: 'SHA-256' | 'SHA-1',
  key: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
  message: Uint8Array,
) => Promise<boolean>

export type ReceiverContext = {
  readonly now: number
  /** The platform's own, where that is faster than WebCrypto. */
  readonly isHmac?: IsHmac
}

/** How a request was proven. `secret` counts from the best value in force: 1 says that the old one is still in use. */
export type Authenticated = { readonly assurance: Assurance; readonly secret: number | null }

/** Pure and total: any bytes give a value. `now` only names events that carry neither an id nor a time. */
export type Parse = (request: ReceiverRequest, context: ReceiverContext) => Result<Received, Refusal<BodyRefusalReason>>

export type Receiver = {
  readonly sender: SenderProfile
  /** What this sender calls with, beside POST. */
  readonly methods?: readonly 'OPTIONS'[]
  /** Throws where the secret can't be read: later may help, and nobody is let in meanwhile. */
  authenticate(
    request: ReceiverRequest,
    context: ReceiverContext,
  ): Promise<Result<Authenticated, Refusal<AuthenticationRefusalReason>>>
  readonly parse: Parse
  /**
   * Asks back what was received, where the sender wants that or the configuration does: after authentication, before
   * anything is kept. Gives what is left. Throws where later may help.
   */
  readonly confirm?: (received: Received) => Promise<Received>
}

/** Authenticates, and only then reads. */
export async function receive(
  receiver: Receiver,
  request: ReceiverRequest,
  context: ReceiverContext,
): Promise<Result<Authenticated & { readonly received: Received }, Refusal>> {
  const authenticated = await receiver.authenticate(request, context)
  if (!authenticated.ok) return authenticated
  const received = receiver.parse(request, context)
  if (!received.ok) return received
  return ok({ ...authenticated.value, received: received.value })
}

/** A line of the catalogue: what stands under `events:` in the configuration, and what it makes. */
export type ReceiverType<Settings = unknown> = {
  readonly type: string
  /** Shape of the `events:` block, `type` included. Secrets are references. */
  readonly Settings: z.ZodType<Settings>
  /** The one host that this sender speaks for, where its payloads name none (`docker.io`). */
  readonly host?: string
  /** True where the payload names the host, and so one receiver serves many. */
  readonly manyHosts?: boolean
  /** It tells of one push several times: how long to wait for the rest, unless the configuration says otherwise. */
  readonly settleMs?: number
  /** What its hosts look like, where the configuration must name one of them. */
  readonly hosts?: { readonly expected: string; test(host: Registry): boolean }
  /**
   * `http` fetches the keys of configured issuers, and nothing that a request names. `host` is the configured one, with
   * which a payload's claim is compared; null where the receiver is bound to none.
   */
  create(settings: Settings, secretOf: SecretOf, http: Http, host: Registry | null): Receiver
  /** The receiver's own, for trying a body without a configuration. */
  readonly parse: Parse
}

export type SecretOf = (reference: SecretReference | readonly SecretReference[]) => Secret
