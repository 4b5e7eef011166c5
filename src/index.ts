/**
 * The public surface, exports only: what a platform is built from. All of it runs wherever there is `fetch` and WebCrypto; what
 * needs a machine (`state/sqlite.ts`, `clients/git.ts`, `clients/address-guard.ts`, `clients/prometheus.ts`) is imported by the handler that has one.
 */

// In: HTTP with its limits, people and scrapers, what is missing.
export { createApp, type AppOptions } from './app.ts'
export { createApi, ROUTES, type ApiOptions, type ApiToken, type Route } from './api.ts'
export { isAllowed, type Action, type Actor } from './authorise.ts'
export type { Edge } from './edge.ts'
export { createReadiness, type Readiness, type ReadinessOptions } from './readiness.ts'

// The way of a push, and the engine that wakes it.
export { advance, handleEvent, work, type Handled, type Ports } from './pipeline.ts'
export { createLoop, type Loop } from './loop.ts'
export { handleRow } from './settle.ts'
export { match, type Match } from './match.ts'
export { chooseTag, compileFilter, type CompiledFilter } from './filter.ts'
export { explain, type Explanation } from './explain.ts'
export { statusOf, type StageStatus, type SubscriptionStatus } from './status.ts'
export { createLog, type LogOptions } from './log.ts'

// The catalogue, and what the configuration chooses from it.
export { receiverTypes } from './receivers/index.ts'
export { createReceivers } from './receivers/configured.ts'
export { assemblePorts, type Parts } from './assemble.ts'
export { createRegistries } from './clients/registry/registries.ts'
export { createHttp, type Http } from './clients/http.ts'
export { loadConfig, type LoadOptions } from './config/load.ts'
export { createSecrets } from './config/secrets.ts'

// The ports, for a registry, a Git host, a platform or a store of your own.
export type {
  Authenticated,
  Received,
  Receiver,
  ReceiverRequest,
  ReceiverType,
  Refusal,
  SenderProfile,
} from './receivers/receiver.ts'
export type { Delivery, Order, Proposals } from './delivery/delivery.ts'
export type { Health, HealthCheck } from './health/health.ts'
export type { Outbound } from './effects.ts'
export type { Documents } from './state/documents.ts'
export type { Inbox } from './state/inbox.ts'
export type { Journal } from './state/journal.ts'
export type { State } from './state/state.ts'
export type { Wake } from './state/wake.ts'
export { createMemoryState } from './state/memory.ts'
export { createSqlState, type Sql } from './state/sql.ts'

// The nouns.
export type { Candidate } from './domain/candidate.ts'
export type { Config, LoadedConfig } from './domain/config.ts'
export type { Document, DocumentId } from './domain/document.ts'
export type { Effect } from './domain/effect.ts'
export type { AcceptedEvent, Assurance, RegistryEvent } from './domain/event.ts'
export type { Entry } from './domain/history.ts'
export type { ImageReference, PinnedImage } from './domain/image.ts'
export type { Line } from './domain/line.ts'
export type { Log } from './domain/log.ts'
export type { Measure, Measurement } from './domain/measure.ts'
export type { Promotion } from './domain/promotion.ts'
export type { Registries } from './domain/registry.ts'
export type { Result } from './domain/result.ts'
export { RetryLater } from './domain/retry.ts'
export type { Secret, SecretReference } from './domain/secret.ts'
export type { Stage, Subscription } from './domain/subscription.ts'
export type { TagFilter } from './domain/tag-filter.ts'
export type { Target } from './domain/target.ts'
export type { Train } from './domain/train.ts'
export type { InboxRow, WalkStep } from './domain/walk.ts'
