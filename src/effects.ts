/** One exhaustive map: effect kind → port. What comes back is an answer; what is thrown means "later". */

import type { Answer, Fate } from './domain/answer.ts'
import type { Candidate } from './domain/candidate.ts'
import { listOf, type Bulletin } from './domain/bulletin.ts'
import type { Document, DocumentId } from './domain/document.ts'
import type { Effect, EffectKind, EffectOf, Restoration } from './domain/effect.ts'
import { isSameRepository, type ImageName, type PinnedImage } from './domain/image.ts'
import type { Line, StageState } from './domain/line.ts'
import type { Carry } from './domain/message.ts'
import type { Promotion } from './domain/promotion.ts'
import type { Result } from './domain/result.ts'
import { RetryLater } from './domain/retry.ts'
import { imageAt, imageNamed, nameAt } from './domain/release.ts'
import type { RunsAs } from './domain/runs-as.ts'
import type { Stage, Subscription } from './domain/subscription.ts'
import { knownFrom } from './domain/known.ts'
import { builtFrom } from './domain/provenance.ts'
import { builtAtOf, provenTogether, type Proven } from './domain/proven.ts'
import type { Commit, Source } from './domain/source.ts'
import { targetId, type GitTarget, type Target } from './domain/target.ts'
import type { Train } from './domain/train.ts'
import {
  policyForBreakGlass,
  policyForListening,
  policyForRollback,
  type Policy,
} from './domain/verification-policy.ts'
import type {
  Cargo,
  Cargos,
  Commits,
  Delivered,
  Delivery,
  DeliveryFailure,
  Order,
  Proposals,
  ProposalFailure,
  Wish,
} from './delivery/delivery.ts'
import { worstOf, type Health, type HealthCheck, type RuleCheck } from './health/health.ts'
import type { Conversation } from './conversations/conversation.ts'
import type { Notifier } from './notifications/notifier.ts'
import type { Teller } from './notifications/teller.ts'
import type { Question, Verifier } from './verification/verifier.ts'
import type { Probe } from './checks/probe.ts'

/** A stage may have hundreds of workloads. */
const LOOKS_AT_ONCE = 8

/** The outbound ports that effects need. */
export type Outbound = {
  delivery(target: Target): Delivery
  proposals(git: string): Proposals
  /** Where there are no pull requests. */
  commits(git: string): Commits
  health(target: Target): HealthCheck
  readonly healthRule: RuleCheck
  readonly verifier: Verifier
  readonly probe: Probe
  readonly teller: Teller
  /** Null: the configuration has no chat any more. */
  readonly conversation: Conversation | null
  /** What an image says of its commit; null: nothing, or of another repository. Absent: nobody can ask. */
  readonly claimedCommit?: (image: PinnedImage, source: Source) => Promise<Commit | null>
  /** Null: the configuration has no such channel any more. */
  notifier(channel: string): Notifier | null
}

export type Work<D = Document> = {
  readonly document: D
  /** Of a line. Null: it is no longer in the configuration. */
  readonly subscription: Subscription | null
  /** By the line's id: a train carries what several ask for. */
  readonly subscriptionAt: (line: DocumentId) => Subscription | null
  readonly outbound: Outbound
  /** False once the lease ran out: another may be at work. */
  readonly stillHeld: () => boolean
}

/** Approvals wait for the answer: a Git host that is down holds them up for a minute or two, not for hours. */
const AUTHORS_ATTEMPTS_MAX = 6

/** `send` is the pipeline's own: documents talk through it. */
type Performed = Exclude<EffectKind, 'send'>
type OfLine =
  | 'reply'
  | 'notify'
  | 'show'
  | 'vouch'
  | 'observe'
  | 'verify'
  | 'listen'
  | 'check'
  | 'ask-authors'
  | 'tell-source'
  | 'deliver'
  | 'preview'
  | 'check-health'
  | 'roll-back'
type Performers = {
  [K in Performed]: (
    effect: EffectOf<K>,
    work: Work<K extends OfLine ? Line : K extends 'post' ? Bulletin : Train>,
  ) => Promise<Answer>
}

const performers: Performers = {
  show: async ({ card, channel, known }, { outbound }) => {
    if (outbound.conversation === null) return GONE
    const shown = await outbound.conversation.show(card, channel, known)
    return shown.ok ? { kind: 'shown', message: shown.value } : { kind: 'failed', ...shown.error }
  },
  reply: async ({ to, lines }, { outbound }) => {
    if (outbound.conversation === null) return GONE
    const replied = await outbound.conversation.reply(to, lines)
    return replied.ok ? { kind: 'notified' } : { kind: 'failed', ...replied.error }
  },
  post: async ({ page: number }, { document, outbound }) => {
    if (outbound.conversation === null) return GONE
    const page = document.pages.find((one) => one.number === number)
    if (page === undefined) return GONE
    const shown = await outbound.conversation.list(listOf(document, page), document.channel, page.message)
    return shown.ok ? { kind: 'shown', message: shown.value } : { kind: 'failed', ...shown.error }
  },
  vouch: async ({ member, groups }, { outbound }) => {
    if (outbound.conversation === null) return GONE
    const isIn: string[] = []
    for (const group of groups) {
      const members = await outbound.conversation.membersOf(group)
      if (!members.ok) return { kind: 'failed', ...members.error }
      if (members.value.has(member)) isIn.push(group)
    }
    return { kind: 'vouched', groups: isIn }
  },
  notify: async ({ channel, notice }, { outbound }) => {
    const notifier = outbound.notifier(channel)
    if (notifier === null) return GONE
    const told = await notifier.notify(notice)
    return told.ok ? { kind: 'notified' } : { kind: 'failed', ...told.error }
  },
  observe: async (effect, work) => {
    const { subscription, outbound } = work
    const target = targetOf(subscription, effect.stage, effect.target)
    if (subscription === null || target === null) return GONE
    const found = await outbound.delivery(target).observe(target, nameAt(subscription, target))
    return found.ok ? { kind: 'found', ...found.value } : failed(found.error)
  },
  verify: async (effect, { document, subscription, outbound }) => {
    const stage = subscription?.stages.find(({ name }) => name === effect.stage)
    const promotion = promotionOf(document, effect.stage, effect.promotion)
    const state = document.stages[effect.stage]
    if (stage === undefined || state === undefined || promotion === null || stage.verify === 'none') return GONE
    const policy = effect.breakGlass === true ? policyForBreakGlass(stage.verify) : stage.verify
    const { verify } = stage
    return verifyEach(questionsOf(policy, state, promotion), async (question) => {
      const runsAs = await usersAt(stage, question, outbound)
      const { verdict, builtAt, evidence, platforms } = await outbound.verifier.verify({ ...question, runsAs })
      const commit = builtFrom(evidence, verify)
      const known = { ...knownFrom(evidence, verdict.at, platforms), ...(commit !== null && { builtFrom: commit }) }
      return { verdict, builtAt, known }
    })
  },
  listen: async (effect, { document, subscription, outbound }) => {
    const stage = subscription?.stages.find(({ name }) => name === effect.stage)
    const { current, promotion } = document.stages[effect.stage] ?? {}
    const candidates = [current?.state === 'candidate' ? current.candidate : undefined, promotion?.candidate]
    const candidate = candidates.find((one) => one?.id === effect.candidate)
    if (stage === undefined || candidate === undefined || stage.verify === 'none') return GONE
    const policy = policyForListening(stage.verify)
    const { since } = candidate
    const questions = each(candidate, (image) => ({ image, policy, running: null, runningBuiltAt: null, since }))
    return verifyEach(questions, async (question) => {
      const { verdict, builtAt, evidence, platforms } = await outbound.verifier.verify(question)
      return { verdict, builtAt, known: knownFrom(evidence, verdict.at, platforms) }
    })
  },
  check: async (effect, { document, subscription, outbound }) => {
    const stage = subscription?.stages.find(({ name }) => name === effect.stage)
    const gate = stage?.gates.find((one) => one.kind === 'check' && one.name === effect.check)
    const promotion = promotionOf(document, effect.stage, effect.promotion)
    if (gate?.kind !== 'check' || promotion === null) return GONE
    const commit = promotion.proof?.known?.builtFrom ?? null
    const asked = { image: promotion.candidate.images[0], commit, source: subscription?.source }
    return { kind: 'checked', ...(await outbound.probe.ask(gate, asked)) }
  },
  'tell-source': async ({ stage, promotion, image, commit, news }, { subscription, outbound }) => {
    if (subscription?.source === undefined) return GONE
    const telling = { subscription: subscription.name, stage, promotion, image, commit, news }
    const told = await outbound.teller.tell(telling, subscription.source)
    return told.ok ? { kind: 'notified' } : { kind: 'failed', ...told.error }
  },
  'ask-authors': async ({ commit, attempt }, { subscription, outbound }) => {
    if (subscription?.source === undefined) return GONE
    try {
      const authors = await outbound.probe.authorsOf(commit, subscription.source)
      return authors.ok
        ? { kind: 'authors', logins: authors.value }
        : failedFor('authors-unknown', authors.error.detail)
    } catch (error) {
      if (attempt < AUTHORS_ATTEMPTS_MAX) throw error
      return failedFor('authors-unknown', 'GitHub could not be asked')
    }
  },
  deliver: async (effect, work) => {
    const order = orderOf(effect, work, { kind: 'candidate' })
    return order === null ? GONE : arrived(await work.outbound.delivery(order.target).deliver(order))
  },
  preview: async (effect, work) => {
    const order = orderOf(effect, work, { kind: 'candidate' })
    return order === null ? GONE : arrived(await work.outbound.delivery(order.target).preview(order))
  },
  'roll-back': async (effect, work) => {
    const order = orderOf(effect, work, { kind: 'back', to: effect.to })
    return order === null ? GONE : arrived(await work.outbound.delivery(order.target).deliver(order))
  },
  'check-health': async (effect, work) => {
    const target = targetOf(work.subscription, effect.stage, effect.target)
    const delivery = promotionOf(work.document, effect.stage, effect.promotion)?.deliveries[effect.target]
    if (target === null || delivery?.state !== 'delivered') return GONE
    const { now: image, reference } = delivery
    const { outbound, subscription } = work
    const rules = subscription?.stages.find(({ name }) => name === effect.stage)?.health?.checks ?? []
    const rollout = await outbound.health(target).check(target, image)
    if (rollout.state === 'failed') return wellness(rollout)
    const others = await Promise.all(rules.map((rule) => outbound.healthRule.check(rule, { image, reference })))
    return wellness(worstOf([rollout, ...others]))
  },
  propose: async (effect, work) => {
    const { document, outbound } = work
    const { cargos, gone } = loadOf(effect, work)
    if (cargos === null) return GONE
    const { branch, lastHead, pullRequest } = document
    const known = { branch, lastHead, open: pullRequest?.number ?? null }
    const proposal = await outbound.proposals(document.git).propose(cargos, known)
    if (!proposal.ok) return failed(proposal.error)
    const fates = [...proposal.value.fates, ...gone]
    if ('unchanged' in proposal.value) return { kind: 'nothing-to-propose', commit: proposal.value.commit, fates }
    return { kind: 'proposed', ...proposal.value, fates }
  },
  commit: async (effect, work) => {
    const { cargos, gone } = loadOf(effect, work)
    if (cargos === null) return GONE
    const committed = await work.outbound.commits(work.document.git).commit(cargos)
    if (!committed.ok) return failed(committed.error)
    return { kind: 'committed', commit: committed.value.commit, fates: [...committed.value.fates, ...gone] }
  },
  look: async (_effect, { document, outbound }) => {
    if (document.pullRequest === null) return GONE
    const looked = await outbound.proposals(document.git).look(document.git, document.pullRequest.number)
    if (!looked.ok) return failed(looked.error)
    const { state, ...rest } = looked.value
    switch (state) {
      case 'open':
        return { kind: 'open', head: 'head' in rest ? rest.head : '', reviews: 'reviews' in rest ? rest.reviews : [] }
      case 'merged':
        return { kind: 'merged', commit: 'commit' in rest ? rest.commit : '', by: 'by' in rest ? rest.by : null }
      case 'closed':
        return { kind: 'closed', by: 'by' in rest ? rest.by : null }
    }
  },
  merge: async (_effect, { document, outbound }) => {
    if (document.pullRequest === null) return GONE
    const { number, head } = document.pullRequest
    const merged = await outbound.proposals(document.git).merge(document.git, number, head)
    return merged.ok ? { kind: 'merged', commit: merged.value.commit, by: null } : failed(merged.error)
  },
  withdraw: async (effect, { document, outbound }) => {
    const { number, head, why } = effect
    const withdrawn = await outbound.proposals(document.git).withdraw(document.git, number, document.branch, head, why)
    return withdrawn.ok ? { kind: 'withdrawn' } : failed(withdrawn.error)
  },
}

/** Performs one claimed effect. Never throws: a throw below is the answer "later". */
export async function perform(effect: Exclude<Effect, { kind: 'send' }>, work: Work): Promise<Answer> {
  try {
    // The map is exhaustive by type; which document an effect belongs to is what its kind says.
    const performer = performers[effect.kind] as (effect: Effect, work: Work) => Promise<Answer>
    return await performer(effect, work)
  } catch (error) {
    return later(error)
  }
}

export function later(error: unknown): Answer {
  const detail = error instanceof Error ? error.message : 'unknown failure'
  return { kind: 'later', detail, retryAfterMs: error instanceof RetryLater ? error.retryAfterMs : undefined }
}

const GONE = {
  kind: 'failed',
  reason: 'target-gone',
  detail: 'the configuration or the promotion moved on; nothing was done',
} as const satisfies Answer

/** A way back is asked of what it goes back to, and of its signature alone. */
function questionsOf(policy: Policy, { current }: StageState, promotion: Promotion): Questions {
  const running = current.state === 'candidate' ? current : null
  const isBack = promotion.phase === 'rolling-back' && running !== null
  const candidate = isBack ? running.candidate : promotion.candidate
  return each(candidate, (image) => ({
    image,
    policy: isBack || promotion.purpose === 'rollback' ? policyForRollback(policy) : policy,
    running: running === null ? null : imageNamed(running.candidate, image),
    runningBuiltAt: running === null ? null : builtAtOf(running, image),
    since: candidate.since,
  }))
}

type Questions = readonly [Question, ...Question[]]

function each({ images: [first, ...others] }: Candidate, ask: (image: PinnedImage) => Question): Questions {
  return [ask(first), ...others.map(ask)]
}

/** Every image of a release is asked about; one that cannot be asked about now is asked about later, and all with it. */
async function verifyEach(
  [first, ...others]: Questions,
  verify: (question: Question) => Promise<Omit<Proven, 'image'>>,
): Promise<Answer> {
  const prove = async (question: Question): Promise<Proven> => ({ image: question.image, ...(await verify(question)) })
  const [one, ...more] = await Promise.all([prove(first), ...others.map(prove)])
  return provenTogether([one, ...more])
}

/**
 * As whom the stage's workloads have it run, where a rule asks. A file in Git does not say, and what cannot be looked at now is judged
 * by the image as well: nothing can be delivered there either.
 */
async function usersAt(stage: Stage, { image, policy }: Question, outbound: Outbound): Promise<readonly RunsAs[]> {
  const asks = policy.require.some((one) => one.kind === 'image' && one.rules.notRoot !== undefined)
  if (!asks || stage.targets.every(({ kind }) => kind === 'git')) return []
  const mine = stage.targets.filter((target) => target.image === undefined || isSameRepository(target.image, image))
  const users: RunsAs[] = []
  for (let at = 0; at < mine.length; at += LOOKS_AT_ONCE) {
    const some = mine.slice(at, at + LOOKS_AT_ONCE).map(async (target): Promise<readonly RunsAs[]> => {
      const found = target.kind === 'workload' ? await outbound.delivery(target).observe(target, image) : null
      // It runs another image of the same release.
      if (found?.ok === false && found.error.reason === 'image-missing') return []
      const unknown = { where: targetId(target), user: null, mustNotBeRoot: false }
      return [(found?.ok === true ? found.value.runsAs : undefined) ?? unknown]
    })
    users.push(...(await Promise.all(some)).flat())
  }
  return users
}

/** What a train carries, as its port takes it; and what the configuration knows no way for any more. */
function loadOf(
  { fence }: Pick<Effect, 'fence'>,
  { document, subscriptionAt, stillHeld }: Work<Train>,
): { readonly cargos: Cargos | null; readonly gone: readonly Fate[] } {
  const loads = document.cargos.map((cargo) => ({ cargo, load: cargoOf(cargo, subscriptionAt(cargo.line)) }))
  const [first, ...rest] = loads.flatMap(({ load }) => (load === null ? [] : { ...load, fence, stillHeld }))
  const gone = loads.flatMap(({ cargo: { promotion }, load }) =>
    load === null ? { promotion, fate: 'stopped' as const, reason: GONE.reason, detail: GONE.detail } : [],
  )
  return { cargos: first === undefined ? null : [first, ...rest], gone }
}

function cargoOf(cargo: Carry, subscription: Subscription | null): Omit<Cargo, 'fence' | 'stillHeld'> | null {
  const targets = cargo.targets.map((id) => targetOf(subscription, cargo.stage, id)).filter(isGitTarget)
  const [first, ...rest] = targets
  if (subscription === null || first === undefined || targets.length < cargo.targets.length) return null
  return {
    promotion: cargo.promotion,
    subscription: subscription.name,
    stage: cargo.stage,
    targets: [first, ...rest],
    wish: pinned(cargo.images),
    expected: cargo.targets.flatMap((id) => cargo.expected[id] ?? []),
    reason: cargo.reason,
  }
}

type Errand = { readonly kind: 'candidate' } | { readonly kind: 'back'; readonly to: Restoration }

function orderOf(
  effect: EffectOf<'deliver' | 'preview' | 'roll-back'>,
  work: Work<Line>,
  errand: Errand,
): Order | null {
  const { subscription, document } = work
  const target = targetOf(subscription, effect.stage, effect.target)
  const promotion = promotionOf(document, effect.stage, effect.promotion)
  if (subscription === null || target === null || promotion === null) return null
  const { failure, candidate } = promotion
  const wish = errand.kind === 'back' ? wishBack(errand.to, nameAt(subscription, target)) : wishOf(candidate, target)
  const ids = effect.also ?? []
  const also = ids.map((id) => targetOf(subscription, effect.stage, id)).filter(isGitTarget)
  if (wish === null || also.length < ids.length) return null
  return {
    promotion: promotion.id,
    subscription: subscription.name,
    stage: effect.stage,
    target,
    ...(also.length > 0 && { also }),
    wish: also.length > 0 && errand.kind === 'candidate' ? pinned(candidate.images) : wish,
    expected: effect.expected,
    fence: effect.fence,
    reason: failure === undefined ? `pushed, ${candidate.cause}` : `rollback: ${failure.reason}`,
    stillHeld: work.stillHeld,
    ...throughOf(subscription, effect, target, errand.kind === 'back' || promotion.purpose === 'rollback'),
  }
}

/** A way back goes as the stage's `rollback:` says. Each write has a branch of its own, as each is rebuilt by itself. */
function throughOf(
  { name, stages }: Subscription,
  { stage, target: id }: Pick<EffectOf<'deliver'>, 'stage' | 'target'>,
  target: Target,
  isBack: boolean,
): Pick<Order, 'through'> {
  const found = stages.find((one) => one.name === stage)
  if (!isBack || target.kind !== 'git' || found?.rollback?.as !== 'pull-request') return {}
  const index = found.targets.findIndex((one) => targetId(one) === id)
  return { through: { branch: `drayage/rollbacks/${name}/${stage}/${index + 1}`, merge: found.rollback.merge } }
}

/** Of a release, the image that this target takes; null where it has none for it. */
function wishOf(candidate: Candidate, target: Target): Wish | null {
  const image = imageAt(candidate, target)
  return image === null ? null : { kind: 'pinned', image }
}

/** All of it: each target takes its own. */
function pinned([image, ...others]: Candidate['images']): Wish {
  return { kind: 'pinned', image, ...(others.length > 0 && { others }) }
}

function wishBack(to: Restoration, name: ImageName): Wish {
  return to.kind === 'pinned' ? to : { ...to, name }
}

function targetOf(subscription: Subscription | null, stage: string, id: string): Target | null {
  const targets = subscription?.stages.find(({ name }) => name === stage)?.targets
  return targets?.find((target) => targetId(target) === id) ?? null
}

function promotionOf(line: Line, stage: string, id: string): Promotion | null {
  const promotion = line.stages[stage]?.promotion
  return promotion?.id === id ? promotion : null
}

function isGitTarget(target: Target | null): target is GitTarget {
  return target?.kind === 'git'
}

function arrived(result: Result<Delivered, DeliveryFailure>): Answer {
  if (!result.ok) return failed(result.error)
  const { status, reference, now, also, diff } = result.value
  return { kind: 'delivered', status, reference, now, also, diff }
}

function failedFor(reason: string, detail: string): Answer {
  return { kind: 'failed', reason, detail }
}

/** `fenced` says only that this attempt came too late: the next one has a higher number. */
function failed({ reason, detail, found }: DeliveryFailure | ProposalFailure): Answer {
  return reason === 'fenced' ? { kind: 'later', detail } : { kind: 'failed', reason, detail, found }
}

function wellness(health: Health): Answer {
  if (health.state === 'failed') return { kind: 'unwell', reason: health.reason, detail: health.detail }
  return { kind: health.state, detail: health.detail }
}
