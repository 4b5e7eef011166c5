/**
 * The heart: pure. (document, rules, input, now) → the next document and what to write into the history.
 * Waking it once too often changes nothing; the same input twice changes nothing the second time.
 */

import type { Answer } from '../domain/answer.ts'
import type { Candidate } from '../domain/candidate.ts'
import { copyOf } from '../domain/copy.ts'
import type { Document } from '../domain/document.ts'
import type { Note } from '../domain/history.ts'
import type { Line } from '../domain/line.ts'
import type { Message } from '../domain/message.ts'
import type { Train } from '../domain/train.ts'
import { act, type ActInput } from './act.ts'
import { report, type ReportInput } from './check-report.ts'
import { tellDevelopers } from './developers.ts'
import { messageToLine } from './carried.ts'
import { decideBulletin, type AnnounceInput } from './bulletin.ts'
import { claimOfLine } from './claim.ts'
import { hold, settle } from './effects.ts'
import { listen } from './listen.ts'
import { notice, signal, type Notice, type Signal } from './notice.ts'
import { answerLine } from './progress.ts'
import { offer } from './offer.ts'
import { lift, retry } from './operator.ts'
import { reconcile } from './reconcile.ts'
import { tellChannels } from './tell.ts'
import { retire } from './retire.ts'
import { showCards } from './show.ts'
import type { LookInput } from './look-now.ts'
import { lookAtOnce } from './pull-request.ts'
import { answerTrain, claimOfTrain, messageToTrain, reconcileTrain, retryTrain } from './train.ts'
import type { RuleBook, Turn } from './turn.ts'
import { hearSignal } from './verify.ts'
import { ballot, vote, type BallotInput, type VoteInput } from './vote.ts'

export type { ChannelRule, RuleBook, Rules, TrainRules } from './turn.ts'

export { isNamed } from './act.ts'
export { isListed } from './bulletin.ts'

export type Input =
  /** A candidate from the registry, for every stage that waits for no other. */
  | { readonly kind: 'offer'; readonly candidate: Candidate }
  /** Somebody takes these effects until `until`. */
  | { readonly kind: 'claim'; readonly effects: readonly string[]; readonly until: number }
  | { readonly kind: 'answer'; readonly effect: string; readonly fence: number; readonly answer: Answer }
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'retry'; readonly by: string; readonly reason: string; readonly stage: string | null }
  | {
      readonly kind: 'lift'
      readonly by: string
      readonly reason: string
      /** Null: wherever it is refused. */
      readonly stage: string | null
      readonly candidate: string
    }
  | Signal
  | Notice
  | VoteInput
  | BallotInput
  | ActInput
  | AnnounceInput
  | ReportInput
  | LookInput
  /** Until then these are left alone: a person paused them. */
  | { readonly kind: 'hold'; readonly effects: readonly string[]; readonly until: number }
  /** Nothing but the passing of time, or another configuration. */
  | { readonly kind: 'tick' }

export type Decision = { readonly document: Document; readonly notes: readonly Note[] }

export function decide(was: Document, book: RuleBook, input: Input, now: number): Decision {
  const document = copyOf(was)
  const notes: Note[] = []
  const cause = causeOf(input)
  if (document.kind === 'train') {
    decideTrain({ document, rules: book.train(document), now, notes, cause }, input)
    return { document, notes }
  }
  if (document.kind === 'bulletin') {
    decideBulletin({ document, rules: { hash: book.hash }, now, notes, cause }, input)
    return { document, notes }
  }
  const rules = book.line(document)
  const turn = { document, now, notes, cause }
  if (rules === null) retire(turn, book.hash, input)
  else decideLine({ ...turn, rules }, input)
  return { document, notes }
}

/** Level-triggered at both ends: what the input left to do is done at once, and so is what time or the configuration did before it. */
function decideLine(turn: Turn<Line>, input: Input): void {
  reconcile(turn)
  workIntoLine(turn, input)
  reconcile(turn)
  showCards(turn)
  tellChannels(turn)
  tellDevelopers(turn)
}

function workIntoLine(turn: Turn<Line>, input: Input): void {
  switch (input.kind) {
    case 'offer':
      for (const stage of turn.rules.subscription.stages) {
        if (stage.after.length === 0) offer(turn, stage, input.candidate)
      }
      return
    case 'claim':
      return claimOfLine(turn, input.effects, input.until)
    case 'answer': {
      const effect = settle(turn, input.effect, input.fence, input.answer)
      if (effect !== null) answerLine(turn, effect, input.answer)
      return
    }
    case 'message':
      return messageToLine(turn, input.message)
    case 'retry':
      return retry(turn, input)
    case 'lift':
      return lift(turn, input)
    case 'signal':
      signal(turn, input)
      if (input.signal === 'delete') return
      listen(turn, input)
      for (const { stage, candidate } of input.digests.flatMap((one) => hearSignal(turn, one)))
        offer(turn, stage, candidate)
      return
    case 'notice':
      return notice(turn, input)
    case 'vote':
      return vote(turn, input)
    case 'ballot':
      return ballot(turn, input)
    case 'promote':
    case 'break-glass':
    case 'pin':
    case 'unpin':
    case 'rollback':
    case 'noted':
      return act(turn, input)
    case 'report':
      return report(turn, input)
    case 'look':
      return
    case 'hold':
      return hold(turn, input.effects, input.until)
    case 'announce':
    case 'tick':
      return
  }
}

function decideTrain(turn: Turn<Train>, input: Input): void {
  reconcileTrain(turn)
  workIntoTrain(turn, input)
  reconcileTrain(turn)
}

function workIntoTrain(turn: Turn<Train>, input: Input): void {
  switch (input.kind) {
    case 'claim':
      return claimOfTrain(turn, input.effects, input.until)
    case 'answer': {
      const effect = settle(turn, input.effect, input.fence, input.answer)
      if (effect !== null) answerTrain(turn, effect, input.answer)
      return
    }
    case 'message':
      return messageToTrain(turn, input.message)
    case 'retry':
      retry(turn, input)
      return retryTrain(turn, input)
    case 'hold':
      return hold(turn, input.effects, input.until)
    case 'look':
      return lookAtOnce(turn)
    case 'offer':
    case 'lift':
    case 'signal':
    case 'notice':
    case 'vote':
    case 'ballot':
    case 'promote':
    case 'break-glass':
    case 'pin':
    case 'unpin':
    case 'rollback':
    case 'noted':
    case 'report':
    case 'announce':
    case 'tick':
      return
  }
}

function causeOf(input: Input): string | undefined {
  switch (input.kind) {
    case 'offer':
      return input.candidate.cause
    case 'answer':
      return input.effect
    case 'retry':
    case 'lift':
    case 'promote':
    case 'break-glass':
    case 'pin':
    case 'unpin':
    case 'rollback':
    case 'report':
      return `${input.kind} by ${input.by}`
    case 'noted':
      return `${input.act} by ${input.by}`
    case 'message':
      return `${input.message.kind} ${input.message.promotion}`
    case 'signal':
    case 'notice':
    case 'look':
      return input.cause
    case 'vote':
      return `${input.vote.decision} by ${input.vote.by}`
    case 'ballot':
      return `${input.decision} by ${input.member}`
    case 'announce':
      return `${input.promotion}/show`
    case 'claim':
    case 'hold':
    case 'tick':
      return undefined
  }
}
