/** The port of all receivers: one registry's request → events, or why not. */

import type * as z from 'zod'
import type { Assurance, RegistryEvent } from '../domain/event.ts'
import type { Result } from '../domain/result.ts'
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
  | { readonly outcome: 'events'; readonly events: readonly RegistryEvent[] }
  | { readonly outcome: 'ping' }
  | { readonly outcome: 'validation'; readonly reply: string }
  | { readonly outcome: 'ignored'; readonly reason: string }

/** Found before anything of the body is believed; such a request causes no write. */
export type AuthenticationRefusalReason =
  | 'missing-credential'
  | 'duplicate-credential'
  | 'wrong-credential'
  | 'stale-timestamp'
/** Found after authentication. */
export type BodyRefusalReason = 'not-json' | 'unknown-schema'
export type RefusalReason = AuthenticationRefusalReason | BodyRefusalReason
export type Refusal<R extends RefusalReason = RefusalReason> = { readonly reason: R; readonly detail: string }

/**
 * How a sender behaves when it is answered; `app.ts` has the table of status codes.
 * `blocking-queue` retries for ever and holds back what comes after, so it gets 2xx for all that is authentic.
 */
export type SenderProfile = 'default' | 'blocking-queue'

export type ReceiverContext = { readonly now: number }

export type Receiver = {
  readonly sender: SenderProfile
  authenticate(
    request: ReceiverRequest,
    context: ReceiverContext,
  ): Promise<Result<Assurance, Refusal<AuthenticationRefusalReason>>>
  /** Pure and total: any bytes give a value. */
  parse(request: ReceiverRequest): Result<Received, Refusal<BodyRefusalReason>>
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
  create(settings: Settings, secretOf: (reference: SecretReference | readonly SecretReference[]) => Secret): Receiver
  parse(request: ReceiverRequest): Result<Received, Refusal<BodyRefusalReason>>
}
