/** The world of one schedule: registry, cluster, repositories, and what people do to them. */

import type { Target } from '../../src/domain/target.ts'
import { targetId } from '../../src/domain/target.ts'
import type { Proposals } from '../../src/delivery/delivery.ts'
import type { Health } from '../../src/health/health.ts'
import type { Outbound } from '../../src/effects.ts'
import { conversationOf, createChat, type Chat } from './chat.ts'
import { clusterDelivery, createCluster, workloadOf, type Cluster } from './cluster.ts'
import type { Grounds } from './grounds.ts'
import type { Ledger } from './ledger.ts'
import type { Life } from './life.ts'
import { createHost, pullRequestsOf, type Host } from './pull-requests.ts'
import type { Random } from './random.ts'
import { createRegistry, type Registry } from './registry.ts'
import { commitDelivery, commitsOf, commitToBase, createRepository, type Repository } from './repository.ts'
import { RetryLater } from '../../src/domain/retry.ts'

export type World = {
  readonly registry: Registry
  readonly cluster: Cluster
  readonly plain: Repository
  readonly host: Host
  readonly chat: Chat
  imageAt(target: string): string | undefined
  /** By hand: a new image at a target, not by way of us. */
  put(target: string, image: string): void
  outboundOf(life: Life): Outbound
}

export type WorldOptions = {
  readonly random: Random
  readonly ledger: Ledger
  readonly grounds: Grounds
  readonly now: () => number
  /** How likely a candidate is not well. */
  readonly unwell: number
  /** People who see what we do, and meddle. */
  readonly onUnwell: (target: string) => void
  readonly onPropose: (branch: string) => void
}

export function createWorld({ random, ledger, grounds, now, unwell, onUnwell, onPropose }: WorldOptions): World {
  const registry = createRegistry()
  const cluster = createCluster()
  const plain = createRepository()
  const host = createHost(createRepository())
  const chat = createChat()
  const course = createHealthCourse(random, unwell)
  const repositoryOf = (target: string): Repository => (target.startsWith('git/plain/') ? plain : host.repository)
  const imageAt = (target: string): string | undefined =>
    target.startsWith('workload/')
      ? workloadOf(cluster, target).images.get(target)
      : repositoryOf(target).base.images.get(target)
  const put = (target: string, image: string): void => {
    if (!target.startsWith('workload/')) return void commitToBase(repositoryOf(target), target, image)
    const workload = workloadOf(cluster, target)
    workload.images.set(target, image)
    workload.generation += 1
  }
  const check = async (life: Life, target: Target, image: string): Promise<Health> => {
    const id = targetId(target)
    if (target.kind === 'git') {
      ledger.health(id, image, 'not-observed')
      return { state: 'not-observed', detail: 'a file' }
    }
    await life.send()
    if (cluster.isDown) throw new RetryLater('the API server is down')
    const isThere = imageAt(id) === image
    const health = isThere
      ? course(id, image)
      : ({ state: 'failed', reason: 'moved', detail: imageAt(id) ?? '' } as const)
    if (isThere) ledger.health(id, image, health.state)
    if (isThere && health.state === 'failed') onUnwell(id)
    await life.receive()
    return health
  }
  return {
    registry,
    cluster,
    plain,
    host,
    chat,
    imageAt,
    put,
    outboundOf(life) {
      const surroundings = { life, ledger, now }
      const toCluster = clusterDelivery(cluster, surroundings)
      const toPlain = commitDelivery(plain, surroundings)
      const toHost = commitDelivery(host.repository, surroundings)
      const deliveryTo = (target: Target) => {
        if (target.kind === 'workload') return toCluster
        return target.git === 'plain' ? toPlain : toHost
      }
      const pullRequests = pullRequestsOf(host, surroundings)
      const proposals: Proposals = {
        ...pullRequests,
        propose(cargos, known) {
          onPropose(known.branch)
          return pullRequests.propose(cargos, known)
        },
      }
      return {
        delivery: deliveryTo,
        proposals: () => proposals,
        commits: () => commitsOf(plain, surroundings),
        healthRule: { check: async () => ({ state: 'healthy', detail: 'as it should be' }) },
        notifier: () => null,
        conversation: conversationOf(chat, life, now),
        verifier: grounds.verifierOf(life, () => registry.isDown),
        probe: {
          ask: () => Promise.reject(new Error('nothing is asked')),
          authorsOf: () => Promise.reject(new Error('nobody is asked')),
        },
        teller: { tell: () => Promise.reject(new Error('nobody is told')) },
        health: (target) => ({ check: (_target, image) => check(life, target, image) }),
      }
    },
  }
}

/** The same for each image at each target, once drawn: some looks of progress, then well or not. */
function createHealthCourse(random: Random, unwell: number): (target: string, image: string) => Health {
  const courses = new Map<string, { looks: number; readonly end: Health }>()
  const draw = (): { looks: number; end: Health } => {
    const looks = random.chance(0.5) ? 0 : random.between(1, 5)
    if (!random.chance(unwell)) return { looks, end: { state: 'healthy', detail: 'all pods are ready' } }
    // Rarely so long that the patience of thirty minutes ends first.
    const isEndless = random.chance(0.05)
    return { looks: isEndless ? 10_000 : looks, end: { state: 'failed', reason: 'CrashLoopBackOff', detail: 'exit 1' } }
  }
  return (target, image) => {
    const key = `${target} ${image}`
    const course = courses.get(key) ?? draw()
    courses.set(key, course)
    if (course.looks === 0) return course.end
    course.looks -= 1
    return { state: 'progressing', detail: '0 of 1' }
  }
}
