/**
 * On what grounds something may be delivered: signatures that come late or never, scans that turn bad, votes, pauses. It knows
 * the truth, whatever a document believes, and says of each act whether it had its grounds.
 */

import { window } from '../../src/decide/gates/window.ts'
import type { LoadedConfig } from '../../src/domain/config.ts'
import type { Gate } from '../../src/domain/gate.ts'
import type { Stage } from '../../src/domain/subscription.ts'
import { RetryLater } from '../../src/domain/retry.ts'
import type { Verifier } from '../../src/verification/verifier.ts'
import type { Chronicle } from './chronicle.ts'
import type { Life } from './life.ts'
import type { Random } from './random.ts'

/** Between a claim and its act: the lease. */
const LEASE_MS = 5 * 60_000
/** The kill switch is known so soon. */
const SWITCH_MS = 1_000

export type Act = {
  readonly subscription: string
  readonly stage: string
  readonly promotion: string
  readonly digest: string
  /** A pull request that is only shown needs proof, and no gate. */
  readonly kind: 'deliver' | 'propose' | 'merge' | 'back'
}

export type Grounds = {
  /** New content: when it is signed, and when its scan turns bad. */
  push(digest: string): void
  /** Signed at last, so that nothing waits for ever. */
  signAll(): void
  verifierOf(life: Life, isDown: () => boolean): Verifier
  /** A person said yes or no. */
  voted(promotion: string, by: string, decision: 'approve' | 'reject'): void
  /** They said so, and it counts once they are in a group that may. */
  hoped(promotion: string, by: string, decision: 'approve' | 'reject'): void
  joined(by: string): void
  /** The switch was thrown, and its throwing answered. */
  paused(): void
  resumed(): void
  isPaused(): boolean
  /** A candidate became healthy at a stage. */
  well(subscription: string, stage: string, seen: { digest: string; offered: number; since: number }): void
  judge(act: Act, loaded: LoadedConfig): void
}

type Course = { signedAt: number; readonly badAt: number }
type Options = { readonly random: Random; readonly chronicle: Chronicle; readonly now: () => number }

export function createGrounds({ random, chronicle, now }: Options): Grounds {
  const courses = new Map<string, Course>()
  /** By digest: when it was last seen to be trusted. */
  const trusted = new Map<string, number>()
  const approvals = new Map<string, Set<string>>()
  const hopes: { promotion: string; by: string; decision: 'approve' | 'reject' }[] = []
  const healthy = new Map<string, number>()
  let pausedAt: number | null = null
  const { check } = chronicle

  const stateOf = (digest: string): 'trusted' | 'distrusted' | 'undecided' => {
    const course = courses.get(digest)
    if (course === undefined || now() < course.signedAt) return 'undecided'
    return now() >= course.badAt ? 'distrusted' : 'trusted'
  }

  const judgeProof = (act: Act, stage: Stage, what: string): void => {
    // What the first look found is put back as it was written: there is nothing to prove.
    if (stage.verify === 'none' || act.digest === '') return
    const seen = trusted.get(act.digest)
    check(seen !== undefined, () => `never proven: ${what}`)
    if (act.kind === 'propose' || act.kind === 'back') return
    const age = now() - (seen ?? 0)
    const bound = stage.verify.fresh + LEASE_MS
    check(age <= bound, () => `proven ${age} ms ago, more than ${bound}: ${what}`)
  }

  const judgeGate = (gate: Gate, act: Act, stage: Stage, what: string): void => {
    switch (gate.kind) {
      case 'soak': {
        const since = stage.after.map((name) => healthy.get(`${act.subscription}/${name}/${act.digest}`) ?? Infinity)
        const isSoaked = since.every((at) => now() - at >= gate.ms)
        return check(isSoaked || stage.after.length === 0, () => `not soaked: ${what}`)
      }
      case 'approval':
        return check((approvals.get(act.promotion)?.size ?? 0) >= gate.votes, () => `not approved: ${what}`)
      case 'window': {
        const instants = [0, 1, 2, 3, 4, 5].map((minutes) => now() - minutes * 60_000)
        return check(
          instants.some((at) => window(gate, at).state === 'held'),
          () => `outside of its window: ${what}`,
        )
      }
      case 'check':
      case 'budget':
      case 'hold':
        return
    }
  }

  /** A later stage gets what ran well at those before it. */
  const judgeOrder = (act: Act, { after, needs }: Stage, what: string): void => {
    const isWell = (name: string): boolean => healthy.has(`${act.subscription}/${name}/${act.digest}`)
    const isProven = needs === 'any' ? after.some(isWell) : after.every(isWell)
    check(isProven || after.length === 0, () => `was not well at ${after.join(', ')} before: ${what}`)
  }

  return {
    push(digest) {
      if (courses.has(digest)) return
      const signedAt = random.chance(0.15) ? Infinity : now() + (random.chance(0.5) ? 0 : random.between(0, 1_200_000))
      const badAt = random.chance(0.15) ? now() + random.between(0, 2_400_000) : Infinity
      if (signedAt > now()) chronicle.fault('signed late')
      if (badAt < Infinity) chronicle.fault('scan turns bad')
      courses.set(digest, { signedAt, badAt })
    },
    signAll() {
      for (const course of courses.values()) course.signedAt = Math.min(course.signedAt, now())
    },
    verifierOf: (life, isDown) => ({
      async verify({ image }) {
        await life.send()
        if (isDown()) throw new RetryLater('the registry is down')
        const state = stateOf(image.digest)
        const at = now()
        if (state === 'trusted') trusted.set(image.digest, at)
        chronicle.say(() => `VERIFY #${image.digest.slice(-4)} ${state}`)
        await life.receive()
        const rule = { rule: 'signature: ci', state: state === 'trusted' ? 'held' : 'waiting', detail: state } as const
        return { verdict: { state, outcomes: [rule], at }, builtAt: null, evidence: [] }
      },
    }),
    voted(promotion, by, decision) {
      chronicle.say(() => `VOTE ${decision} by ${by} on ${promotion}`)
      if (decision === 'approve') approvals.set(promotion, (approvals.get(promotion) ?? new Set()).add(by))
    },
    hoped: (promotion, by, decision) => void hopes.push({ promotion, by, decision }),
    joined(by) {
      for (const hope of hopes) {
        if (hope.by === by && hope.decision === 'approve')
          approvals.set(hope.promotion, (approvals.get(hope.promotion) ?? new Set()).add(by))
      }
    },
    paused: () => void (pausedAt ??= now()),
    resumed: () => void (pausedAt = null),
    isPaused: () => pausedAt !== null,
    well(subscription, stage, { digest, offered, since }) {
      const key = `${subscription}/${stage}/${digest}`
      check(since >= offered, () => `${key} is said to be well since before it came`)
      healthy.set(key, since)
    },
    judge(act, loaded) {
      const what = `${act.kind} of ${act.promotion}`
      const since = pausedAt
      check(
        since === null || now() - since <= SWITCH_MS,
        () => `acted ${now() - (since ?? 0)} ms after the switch: ${what}`,
      )
      const subscription = loaded.config.subscriptions.find(({ name }) => name === act.subscription)
      const stage = subscription?.stages.find(({ name }) => name === act.stage)
      if (stage === undefined) return
      judgeProof(act, stage, what)
      if (act.kind === 'back' || act.kind === 'propose') return
      judgeOrder(act, stage, what)
      for (const gate of stage.gates) judgeGate(gate, act, stage, what)
    },
  }
}
