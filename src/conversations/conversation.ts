/** The port of chats: one message for each promotion, which changes in place and carries buttons. */

import type { Result } from '../domain/result.ts'
import type { Card, CardList } from '../domain/card.ts'

/** Where the message stands. */
export type MessageReference = { readonly channel: string; readonly message: string }

export type ThreadLine = { readonly at: number; readonly text: string }

export type ConversationFailure = {
  readonly reason: 'not-allowed' | 'channel-not-found' | 'message-gone' | 'refused'
  /** With the remedy, for the person who set it up. */
  readonly detail: string
}

/** All throw `RetryLater` where the chat is down or asks for patience: that delays nothing but the chat. */
export type Conversation = {
  /** Posts the card, or changes the message that already stands for it. One that was deleted meanwhile is posted anew. */
  show(
    card: Card,
    channel: string,
    known: MessageReference | null,
  ): Promise<Result<MessageReference, ConversationFailure>>
  /** The same for a message that lists many. */
  list(
    list: CardList,
    channel: string,
    known: MessageReference | null,
  ): Promise<Result<MessageReference, ConversationFailure>>
  /** Into the thread of a message. */
  reply(to: MessageReference, lines: readonly ThreadLine[]): Promise<Result<null, ConversationFailure>>
  /** Who we are there: whether the chat takes our credential at all. */
  whoAmI(): Promise<Result<string, ConversationFailure>>
  /** The persons of a group now, by their ids. Kept for a minute at most. */
  membersOf(group: string): Promise<Result<ReadonlySet<string>, ConversationFailure>>
}
