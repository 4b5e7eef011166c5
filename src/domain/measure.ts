/** What is counted. Labels come from the configuration or from our own unions only, so their number is bounded. */

export type Measurement =
  /** `source`: the registry's name in the configuration. */
  | { readonly kind: 'event'; readonly source: string; readonly outcome: string }
  | { readonly kind: 'settled'; readonly source: string; readonly outcome: 'done' | 'retry' | 'dead' }
  | { readonly kind: 'decision'; readonly subscription: string; readonly entry: string; readonly reason: string }
  | { readonly kind: 'effect'; readonly effect: string; readonly answer: string; readonly seconds: number }
  /** Our own looks at repositories, and the pushes that they found. */
  | { readonly kind: 'sweep'; readonly source: string; readonly outcome: 'looked' | 'found' | 'failed' }
  /** A push that our own look found and no webhook had told of. `source`: whose it was. */
  | { readonly kind: 'webhook-lost'; readonly source: string }
  /** From the event's receipt to its image at the target. */
  | { readonly kind: 'delivered'; readonly subscription: string; readonly stage: string; readonly seconds: number }
  /** What a registry says is left of its rate limit. The hosts are those of subscriptions. */
  | { readonly kind: 'quota'; readonly registry: string; readonly remaining: number }
  /** A look at the repository that holds the configuration. */
  | { readonly kind: 'configuration'; readonly outcome: 'unchanged' | 'applied' | 'refused' | 'unreachable' }

export type Measure = (measurement: Measurement) => void
