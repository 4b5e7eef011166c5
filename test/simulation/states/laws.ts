/** What is true, whatever the documents believe: who voted, what was well; and what must hold of each act and each state. */

import type { Effect } from '../../../src/domain/effect.ts'
import type { Line } from '../../../src/domain/line.ts'
import type { Carry } from '../../../src/domain/message.ts'
import type { Train } from '../../../src/domain/train.ts'
import { numberOf } from '../ledger.ts'
import type { State } from './explore.ts'
import { openPulls, type Done, type Outcome } from './small-world.ts'

export type Truth = {
  /** Promotions that were approved under the configuration in force. */
  readonly votes: readonly string[]
  /** `stage image`; `found stage image` of what a look found. */
  readonly well: readonly string[]
  /** Images that verification trusted last. */
  readonly trusted: readonly string[]
  /** `stage digest`, until a person lifts anything. */
  readonly refused: readonly string[]
  readonly lifted: boolean
  readonly wrong: string | null
}

type Act = { readonly document: Line | Train; readonly effect: Effect; readonly outcome: Outcome; readonly done: Done }

export function witness(state: State, act: Act): Truth {
  const { truth } = state
  const { document, effect, outcome } = act
  const wrong = truth.wrong ?? whatIsWrongWith(state, act)
  if (effect.kind === 'check-health' && (outcome === 'well' || effect.target.startsWith('git/'))) {
    const image = state.world.images[effect.target] ?? ''
    return { ...truth, wrong, well: [...new Set([...truth.well, `${effect.stage} ${image}`])].toSorted() }
  }
  if (effect.kind === 'observe') {
    const image = state.world.images[effect.target] ?? ''
    return { ...truth, wrong, well: [...new Set([...truth.well, `found ${effect.stage} ${image}`])].toSorted() }
  }
  if (effect.kind === 'verify' && document.kind === 'line') {
    const promotion = document.stages[effect.stage]?.promotion
    const id = promotion?.phase === 'rolling-back' ? '' : (promotion?.candidate.id ?? '')
    const others = truth.trusted.filter((one) => one !== id)
    return { ...truth, wrong, trusted: outcome === 'trusted' ? [...others, id].toSorted() : others }
  }
  return { ...truth, wrong }
}

/** Null: it had its grounds. */
function whatIsWrongWith(state: State, { document, effect, done }: Act): string | null {
  const { wrote, world } = done
  if (openPulls(world) > 1) return 'two pull requests of one train are open'
  // What the line has not decided anew yet is only shown, and closed again.
  const isDecided = state.line.config === state.configuration
  if (effect.kind === 'propose' && world !== state.world && document.kind === 'train' && isDecided) {
    return groundsOfAll(state, document.cargos, isMergedByPerson(document))
  }
  if (wrote === undefined) return null
  if (state.configuration === 'observing') return `wrote ${wrote.after} in observe mode`
  if (effect.kind === 'roll-back') return wrongWay(state, effect.stage, wrote.after)
  const [older, newer] = [numberOf(wrote.before), numberOf(wrote.after)]
  const isBack = older !== null && newer !== null && newer < older
  if (isBack && !isPurposeBack(document) && !wasRefused(state, wrote.before)) {
    return `went back from ${wrote.before} to ${wrote.after}`
  }
  if (effect.kind === 'merge' && document.kind === 'train') {
    return groundsOfAll(state, document.pullRequest?.shows ?? [], true)
  }
  return effect.kind === 'deliver' ? groundsOf(state, effect.promotion, effect.stage, true) : null
}

/** Where a person's merge delivers, the pull request opens once every gate held. */
function isMergedByPerson({ cargos }: Train): boolean {
  return cargos.every(({ merge }) => merge === null) && cargos.every(({ targets }) => targets[0].includes('by-person'))
}

function groundsOfAll(state: State, cargos: readonly Carry[], needsGates: boolean): string | null {
  return (
    cargos.map(({ promotion }) => groundsOf(state, promotion, 'prod', needsGates)).find((one) => one !== null) ?? null
  )
}

function isPurposeBack(document: Line | Train): boolean {
  return (
    document.kind === 'line' &&
    Object.values(document.stages).some(({ promotion }) => promotion?.purpose === 'rollback')
  )
}

function groundsOf(state: State, promotion: string, stage: string, needsGates: boolean): string | null {
  const { truth, configuration, line } = state
  const known = line.stages[stage]?.promotion
  const digest = /sha256:0*(?<digest>[0-9a-f]+)#/u.exec(promotion)?.groups?.['digest'] ?? ''
  const image = known?.id === promotion ? known.candidate : undefined
  if (known?.purpose === 'rollback') return null
  // Its refusal, or what takes its place, is under way to the train: what that opens meanwhile, it closes.
  if (isReplaced(state, promotion)) return null
  if (!truth.lifted && truth.refused.includes(`${stage} ${digest}`))
    return `brought ${promotion}, which was refused (${truth.refused.join(', ')})`
  if (stage === 'dev' || configuration !== 'asking') return null
  if (image !== undefined && !truth.trusted.includes(image.id)) return `brought ${promotion}, which was not proven`
  const isWell = truth.well.some((one) => one.startsWith('dev ') && one.includes(`sha256:${digest.padStart(64, '0')}`))
  if (!isWell) return `brought ${promotion}, which was never well at dev`
  if (needsGates && !truth.votes.includes(promotion)) return `brought ${promotion}, which nobody approved`
  return null
}

/** What was begun is repeated until it answers, whatever waits to take its place. */
function isReplaced({ line, train }: State, promotion: string): boolean {
  const mail = line.effects.flatMap((effect) => (effect.kind === 'send' ? [effect.message] : []))
  const waiting = [...mail, ...(train?.next ?? [])]
  return waiting.some((message) => message.kind === 'drop' || message.promotion !== promotion)
}

/** From what was refused there, and could not be put back, any that counts is better. */
function wasRefused({ truth }: State, image: string): boolean {
  const digest = /sha256:0*(?<digest>[0-9a-f]+)$/u.exec(image)?.groups?.['digest'] ?? ''
  return truth.refused.some((one) => one.endsWith(` ${digest}`))
}

function wrongWay({ truth }: State, stage: string, image: string): string | null {
  const isSeen = [`${stage} ${image}`, `found ${stage} ${image}`].some((one) => truth.well.includes(one))
  return isSeen ? null : `put back ${image}, which was never well at ${stage}`
}

/** Whoever waits waits for something: an effect, an instant, a pull request, or a dead letter that a person sees. */
export function whatIsWrong({ line, train, configuration, world }: State): string | null {
  if (openPulls(world) > 1) return 'two pull requests of one train are open'
  if (line.config !== configuration) return null
  const isUnderWay = (id: string): boolean => {
    const isMine = (effect: Effect): boolean => 'promotion' in effect && effect.promotion === id
    const isSent = (effect: Effect): boolean => effect.kind === 'send' && effect.message.promotion === id
    const isShown =
      train !== null && (train.pullRequest !== null || train.effects.some(({ kind }) => kind === 'propose'))
    const travelling = [...(isShown ? (train?.cargos ?? []) : []), ...(train?.next ?? [])]
    const isCarried = travelling.some(({ promotion }) => promotion === id)
    const isReported = train?.effects.some(isSent) === true
    return line.effects.some((effect) => isMine(effect) || isSent(effect)) || isCarried || isReported
  }
  for (const [name, { promotion, next, current }] of Object.entries(line.stages)) {
    // What is being brought does not come by the time.
    const hasAlarm = line.alarm !== null && promotion?.phase !== 'delivering'
    if (promotion !== undefined && !isUnderWay(promotion.id) && !hasAlarm) {
      return `${promotion.id} is ${promotion.phase} and waits for nothing`
    }
    const isLooking = current.state === 'unknown' && line.effects.some(({ kind }) => kind === 'observe')
    if (next !== undefined && promotion === undefined && !isLooking) return `${name} lets ${next.id} wait for nothing`
    const refused = line.stages[name]?.refused ?? []
    const isRefused = refused.some(({ candidate }) => candidate === promotion?.candidate.id)
    if (isRefused && promotion?.phase !== 'rolling-back') return `${promotion?.id} goes on although it is refused`
  }
  return null
}
