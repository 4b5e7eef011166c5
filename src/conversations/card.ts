/** What a promotion's one message says: plain data, text from outside still raw. Each chat makes its own form of it. */

export const CARD_TONES = ['waits', 'works', 'good', 'bad', 'over'] as const
/** Waits for somebody or something · is being delivered or watched · is well · was refused or put back · no longer wanted. */
export type CardTone = (typeof CARD_TONES)[number]

export type CardVote = {
  readonly person: string
  readonly decision: 'approve' | 'reject'
  readonly at: number
  /** Why, where they said so. */
  readonly reason: string | null
}

export type Card = {
  /** The promotion's id: the same promotion is the same message. */
  readonly promotion: string
  /** `payments → prod`. */
  readonly title: string
  readonly tone: CardTone
  /** In one line, how it stands: `waits for 2 approvals until 15:00`. */
  readonly status: string
  /** One for each image of the release. */
  readonly changes: readonly {
    readonly repository: string
    /** Null: nothing that we know runs there. */
    readonly from: string | null
    readonly to: string
    readonly digest: string
  }[]
  /** Who signed, what the scan says, how old it is. */
  readonly facts: readonly { readonly label: string; readonly text: string }[]
  readonly waitsFor: readonly string[]
  readonly votes: readonly CardVote[]
  readonly links: readonly { readonly label: string; readonly url: string }[]
  /** An opaque id, once used, for the buttons; null: nobody is asked. */
  readonly ask: string | null
}
