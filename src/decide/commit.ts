/** A batch that is one commit to the base branch, where there are no pull requests: written by us, so only what is permitted. */

import type { Answer, Fate } from '../domain/answer.ts'
import type { EffectOf } from '../domain/effect.ts'
import type { Train } from '../domain/train.ts'
import { finish, workOutFates } from './cargo.ts'
import { stuck } from './effects.ts'
import { report } from './report.ts'
import type { Turn } from './turn.ts'

export function committed(turn: Turn<Train>, effect: EffectOf<'commit'>, answer: Answer): void {
  const train = turn.document
  if (answer.kind !== 'committed') {
    stuck(turn, effect, answer)
    if (answer.kind !== 'failed') return
    const { reason, detail, found } = answer
    for (const cargo of train.cargos) report(turn, cargo, { state: 'stopped', reason, detail, found: found ?? null })
    return
  }
  const { commit } = answer
  // An attempt before this one may have written them: what was found then says nothing of what was there before ours.
  const fates = effect.attempt === 1 ? answer.fates : answer.fates.map(withoutFound)
  workOutFates(turn, commit, fates)
  const aboard = new Set(fates.flatMap(({ fate, promotion }) => (fate === 'aboard' ? [promotion] : [])))
  for (const cargo of train.cargos.filter(({ promotion }) => aboard.has(promotion))) {
    report(turn, cargo, { state: 'merged', commit, by: null, url: null, status: 'changed' })
    finish(turn, cargo)
  }
  if (train.cargos.length > 0) stuck(turn, effect, whyBehind(train))
}

function withoutFound(fate: Fate): Fate {
  if (fate.fate !== 'stopped') return fate
  const { found: _found, ...rest } = fate
  return rest
}

/** The first of those that no commit could bring: a person, a newer one or another configuration moves them on. */
export function whyBehind({ cargos, stopped }: Train): Extract<Answer, { kind: 'failed' }> {
  const text = stopped[cargos[0]?.promotion ?? ''] ?? 'target-gone: it could not be brought along'
  const [reason = '', ...detail] = text.split(': ')
  return { kind: 'failed', reason, detail: detail.join(': ') }
}
