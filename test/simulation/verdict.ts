/** What must be true once everything is quiet: nothing lost, nothing left over, every end explained. */

import { findBreak } from '../../src/domain/chain.ts'
import type { Entry } from '../../src/domain/history.ts'
import type { Line } from '../../src/domain/line.ts'
import { imagesIn } from '../../src/domain/release.ts'
import type { Train } from '../../src/domain/train.ts'
import { isSmall } from './document-checks.ts'
import { numberOf } from './ledger.ts'
import { checkLosses } from './sweeps.ts'
import type { Scene } from './people.ts'
import { isDemanding, type Shape } from './shape.ts'

/** Said once of a promotion, however often it was heard. */
const ONCE = new Set([
  'promotion-opened',
  'proposed',
  'delivered',
  'healthy',
  'superseded',
  'withdrawn',
  'rejected',
  'distrusted',
  'expired',
])

/** Once the faults are over, and before people repair anything: what is still open is wanted, and nothing else. */
export function checkCalm(scene: Scene, last: Shape): void {
  const { inspector, world, chronicle } = scene
  const { check } = chronicle
  const documents = [...inspector.documents.values()]
  const trains = documents.filter((document) => document.kind === 'train')
  for (const document of documents) {
    if (document.kind !== 'line') continue
    const isWaiting = Object.values(document.stages).some(({ promotion }) => promotion !== undefined)
    if (!isWaiting && last.mode === 'act') checkArrival(scene, document, last)
  }
  const promotions = new Set(
    documents.flatMap((document) =>
      document.kind === 'line' ? Object.values(document.stages).map(({ promotion }) => promotion?.id) : [],
    ),
  )
  for (const train of trains) {
    const { cargos, effects, pullRequest } = train
    const isStuck = effects.some(({ dead }) => dead !== undefined)
    const isCarried = pullRequest !== null || effects.some(({ kind }) => kind === 'propose' || kind === 'commit')
    for (const { promotion } of cargos) {
      check(promotions.has(promotion), () => `${train.id} carries what nobody wants`)
      check(isCarried, () => `${train.id} carries ${promotion} nowhere`)
    }
    const isLeft = pullRequest !== null && cargos.length === 0 && !isStuck
    check(!isLeft, () => `${train.id} leaves pull request ${pullRequest?.number} open`)
  }
  const isKnown = (number: number): boolean => trains.some(({ pullRequest }) => pullRequest?.number === number)
  const hasForgotten = trains.some(({ effects }) => effects.some(({ dead }) => dead?.reason === 'foreign-commits'))
  for (const { number, state } of world.host.pulls) {
    const isOrphan = state === 'open' && !isKnown(number) && !hasForgotten
    if (isOrphan) chronicle.fault('orphaned pull request')
  }
}

export async function checkEnd(scene: Scene, last: Shape): Promise<void> {
  await checkEvents(scene)
  const { chronicle, state, inspector } = scene
  const { check } = chronicle
  for (const document of inspector.documents.values()) {
    const { id } = document
    const history = (await state.journal.query({ document: id, limit: 10_000 })).entries.toReversed()
    const broken = await findBreak(history)
    check(broken === null, () => `the chain of ${id} breaks at ${broken?.seq}`)
    check(history.length === document.seq, () => `${id} has ${history.length} of ${document.seq} entries`)
    check(isSmall(document), () => `${id} has grown too large`)
    const undone = document.effects.filter(({ dead }) => dead === undefined)
    check(undone.length === 0, () => `${id} still wants ${undone.map((effect) => effect.id).join(', ')}`)
    const dead = document.effects.filter((effect) => effect.dead !== undefined && effect.dead.reason !== 'observe-mode')
    check(dead.length === 0, () => `${id} gave up ${dead.map((one) => `${one.id}: ${one.dead?.detail}`).join(', ')}`)
    checkLosses(scene, history)
    if (document.kind === 'line') checkLine(scene, document, last, history)
    else if (document.kind === 'train') checkTrain(scene, document)
  }
}

/** Every accepted event is settled, and says why. */
async function checkEvents({ accepted, state, chronicle }: Scene): Promise<void> {
  const { check } = chronicle
  for (const id of accepted) {
    const row = await state.inbox.get(id)
    const step = row?.walk.at(-1)
    check(row !== null && row.state === 'done', () => `${id} is ${row?.state}: ${step?.detail}`)
    check(
      step !== undefined && ['match', 'filter', 'wait', 'resolve', 'offer'].includes(step.step),
      () => `${id} says no reason`,
    )
  }
}

function checkTrain({ chronicle, world }: Scene, { id, branch, next, cargos, pullRequest }: Train): void {
  const { check } = chronicle
  check(next.length === 0, () => `${id} never came to ${next[0]?.promotion}`)
  check(cargos.length === 0, () => `${id} still carries ${cargos[0]?.promotion}`)
  check(pullRequest === null, () => `${id} still has pull request ${pullRequest?.number}`)
  const open = world.host.pulls.filter((pull) => pull.branch === branch && pull.state === 'open')
  check(open.length === 0, () => `${branch} has ${open.length} open pull requests`)
}

function checkLine(scene: Scene, line: Line, last: Shape, history: readonly Entry[]): void {
  const { check } = scene.chronicle
  for (const [name, { promotion, next }] of Object.entries(line.stages)) {
    const isFrozen = last.mode === 'observe' && promotion?.phase === 'rolling-back'
    check(promotion === undefined || isFrozen, () => `${promotion?.id} never ended, it is ${promotion?.phase}`)
    check(next === undefined || isFrozen, () => `${name} never came to what waits: ${next?.id}`)
  }
  // Under other demands what was proposed is taken back, and proposed again.
  const isOnce = (kind: string): boolean => ONCE.has(kind) && !(kind === 'proposed' && scene.chaos.changes > 0)
  const said = history.filter(({ kind, promotion }) => promotion !== undefined && isOnce(kind))
  const keys = said.map(({ kind, promotion, detail }) => `${kind} ${promotion} ${kind === 'delivered' ? detail : ''}`)
  const twice = keys.find((key, index) => keys.indexOf(key) !== index)
  check(twice === undefined, () => `the history says twice: ${twice}`)
  if (last.mode === 'act') checkArrival(scene, line, last)
}

/** The newest that was ever offered runs, unless somebody, or its own health, stood in its way. */
function checkArrival(scene: Scene, line: Line, last: Shape): void {
  const { chronicle, did, chaos } = scene
  if (!last.subscriptions.includes(line.subscription) || did.interfered || did.unfollowed) return
  const newest = newestPushed(scene)
  if (newest === null) return
  const [first] = last.stages
  for (const { name } of last.stages) {
    const state = line.stages[name]
    const current = state?.current
    const runs = current?.state === 'candidate' ? current.candidate.images[0] : null
    const isThere = last.isOrdered ? runs?.tag === newest.tag : runs?.digest === newest.digest
    const refused = state?.refused.flatMap(({ image }) => imagesIn(image)) ?? []
    const isRefused = refused.some((image) => numberOf(image) === Number(newest.tag))
    // It may take so long until somebody looks again that its patience has ended.
    const isTimedOut = state?.refused.some(
      ({ image, detail }) => numberOf(image) === Number(newest.tag) && detail.startsWith('health-timeout'),
    )
    const isExcused =
      isDemanding(last) ||
      did.movedTag ||
      did.lifted ||
      isTimedOut === true ||
      (chaos.unwell > 0 && (first.name !== name || !last.isOrdered || isRefused))
    const has = runs?.tag ?? current?.state
    chronicle.check(isThere || isExcused, () => `${newest.tag} never arrived at ${name}, which has ${has}`)
  }
}

function newestPushed({ world }: Scene): { readonly tag: string; readonly digest: string } | null {
  const [first] = [...world.registry.tags].toSorted(([a], [b]) => Number(b) - Number(a))
  return first === undefined ? null : { tag: first[0], digest: first[1] }
}
