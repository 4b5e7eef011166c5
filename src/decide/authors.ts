/** Who wrote the commit of an image is asked before people approve it: whose work it is, another has to say yes to. */

import type { Answer } from '../domain/answer.ts'
import type { EffectOf } from '../domain/effect.ts'
import type { Line, StageState } from '../domain/line.ts'
import type { Promotion } from '../domain/promotion.ts'
import type { Stage } from '../domain/subscription.ts'
import { fresh, wish, type Turn } from './turn.ts'

const PEOPLE_MAX = 8
const DETAIL_LENGTH_MAX = 300

/** Once a promotion, and only where the answer counts and can be had. */
export function wishAuthors(turn: Turn<Line>, stage: Stage, promotion: Promotion): void {
  const commit = promotion.proof?.known?.builtFrom
  const isAsked = stage.gates.some(({ kind }) => kind === 'approval')
  if (promotion.authors?.state === 'asked') return giveUpOn(turn, promotion)
  if (promotion.authors !== undefined || commit === undefined || !isAsked || !turn.rules.knowsAuthors) return
  if (turn.rules.mode === 'observe') return
  promotion.authors = { state: 'asked', people: [], detail: 'who wrote the commit is being asked' }
  const common = { stage: stage.name, promotion: promotion.id, commit }
  wish(turn, { kind: 'ask-authors', ...fresh(turn, `${promotion.id}/authors`), ...common })
}

/** Nobody asks any more, so nobody will answer. */
function giveUpOn(turn: Turn<Line>, promotion: Promotion): void {
  const isAlive = turn.document.effects.some(({ id, dead }) => id === `${promotion.id}/authors` && dead === undefined)
  if (isAlive) return
  promotion.authors = { state: 'unknown', people: [], detail: 'who wrote the commit is not known: nobody answered' }
}

/** Unknown is not refused, but shown. */
export function authorsAnswered(
  turn: Turn<Line>,
  { promotion }: StageState,
  effect: EffectOf<'ask-authors'>,
  answer: Answer,
): void {
  if (promotion?.id !== effect.promotion) return
  if (answer.kind === 'authors') {
    const people = [...new Set(answer.logins.map((login) => turn.rules.personOfGitHub(login)))].slice(0, PEOPLE_MAX)
    promotion.authors = { state: 'known', people, detail: `written by ${people.join(', ')}` }
    return
  }
  const why = answer.kind === 'failed' ? answer.detail : `answered with ${answer.kind}`
  const detail = `who wrote the commit is not known: ${why}`.slice(0, DETAIL_LENGTH_MAX)
  promotion.authors = { state: 'unknown', people: [], detail }
}
