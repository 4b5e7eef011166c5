/** What must be true once everything is quiet: nothing lost, nothing left over, every end explained. */

import { findBreak } from '../../src/domain/chain.ts'
import type { Line } from '../../src/domain/line.ts'
import { isSmall } from './inspector.ts'
import { numberOf } from './ledger.ts'
import type { Scene } from './people.ts'

export async function checkEnd(scene: Scene, last: { readonly mode: 'act' | 'observe' }): Promise<void> {
  await checkEvents(scene)
  for (const document of scene.inspector.documents.values()) {
    const { check } = scene.chronicle
    const history = (await scene.state.journal.query({ document: document.id, limit: 10_000 })).entries.toReversed()
    const broken = await findBreak(history)
    check(broken === null, () => `the chain of ${document.id} breaks at ${broken?.seq}`)
    check(history.length === document.seq, () => `${document.id} has ${history.length} of ${document.seq} entries`)
    check(isSmall(document), () => `${document.id} has grown too large`)
    const undone = document.effects.filter(({ dead }) => dead === undefined)
    check(undone.length === 0, () => `${document.id} still wants ${undone.map(({ id }) => id).join(', ')}`)
    const dead = document.effects.filter((effect) => effect.dead !== undefined && effect.dead.reason !== 'observe-mode')
    check(
      dead.length === 0,
      () =>
        `${document.id} gave up ${dead.map((one) => `${one.id}: ${one.dead?.reason} ${one.dead?.detail}`).join(', ')}`,
    )
    if (document.kind === 'line') checkLine(scene, document, last)
    else check(document.next === undefined, () => `${document.id} never came to ${document.next?.promotion}`)
  }
  checkPulls(scene)
}

/** Every accepted event is settled, and says why. */
async function checkEvents({ accepted, state, chronicle }: Scene): Promise<void> {
  for (const id of accepted) {
    const row = await state.inbox.get(id)
    const step = row?.walk.at(-1)
    chronicle.check(row !== null && row.state === 'done', () => `${id} is ${row?.state}: ${step?.detail}`)
    chronicle.check(step !== undefined && step.step !== 'retry', () => `${id} has no explanation`)
    chronicle.check(
      row?.walk.some(({ step }) => step === 'offer' || step === 'resolve' || step === 'filter' || step === 'match') ===
        true,
      () => `${id} was never looked at`,
    )
  }
}

function checkLine(scene: Scene, line: Line, { mode }: { readonly mode: 'act' | 'observe' }): void {
  const { check } = scene.chronicle
  for (const [name, { promotion, next }] of Object.entries(line.stages)) {
    const isFrozen = mode === 'observe' && promotion?.phase === 'rolling-back'
    check(promotion === undefined || isFrozen, () => `${promotion?.id} never ended, it is ${promotion?.phase}`)
    check(next === undefined || isFrozen, () => `${name} never came to what waits: ${next?.id}`)
  }
  if (mode === 'act') checkArrival(scene, line)
}

/** The newest that was ever offered runs, unless somebody, or its own health, stood in its way. */
function checkArrival(scene: Scene, line: Line): void {
  const { chronicle, shape, world, did, chaos } = scene
  if (!shape.subscriptions.includes(line.subscription) || chaos.changes > 0 || did.interfered) return
  const newest = newestPushed(scene)
  if (newest === null) return
  for (const { name } of shape.stages) {
    const state = line.stages[name]
    const current = state?.current
    const runs = current?.state === 'candidate' ? current.candidate.images[0] : null
    const isExcused = chaos.unwell > 0 || did.observedMoved
    const isThere = shape.isOrdered ? runs?.tag === newest.tag : runs?.digest === newest.digest
    chronicle.check(
      isThere || isExcused,
      () => `${newest.tag} never arrived at ${name}, which has ${runs?.tag ?? current?.state}`,
    )
    const isRefused = state?.refused.some(({ image }) => numberOf(image) === Number(newest.tag)) === true
    const isFirst = shape.stages[0].name === name
    if (shape.isOrdered && isFirst && chaos.unwell > 0 && !did.observedMoved)
      chronicle.check(isThere || isRefused, () => `${newest.tag} neither arrived at ${name} nor was refused`)
  }
  void world
}

function newestPushed({ world, shape }: Scene): { readonly tag: string; readonly digest: string } | null {
  const tags = [...world.registry.tags].toSorted(([a], [b]) => Number(b) - Number(a))
  const [first] = tags
  return first === undefined || (shape.isOrdered && Number(first[0]) < 100) ? null : { tag: first[0], digest: first[1] }
}

/** An open pull request that no train knows would stay open for ever. */
function checkPulls({ world, chronicle, inspector }: Scene): void {
  const trains = [...inspector.documents.values()].filter((document) => document.kind === 'train')
  for (const pull of world.host.pulls.filter(({ state }) => state === 'open')) {
    const isKnown = trains.some(({ pullRequest, cargo }) => pullRequest?.number === pull.number && cargo !== undefined)
    chronicle.check(isKnown, () => `pull request ${pull.number} of ${pull.branch} is nobody's`)
  }
  for (const branch of new Set(world.host.pulls.map((pull) => pull.branch))) {
    const open = world.host.pulls.filter((pull) => pull.branch === branch && pull.state === 'open')
    chronicle.check(open.length <= 1, () => `${branch} has ${open.length} pull requests`)
  }
}
