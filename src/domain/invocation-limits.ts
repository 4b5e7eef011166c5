/** What one invocation of a Worker may do, in queries of D1: so many events at once, and an image in so many first stages. */

import { formatImage } from './image.ts'
import type { Subscription } from './subscription.ts'

/** https://developers.cloudflare.com/d1/platform/limits/ */
const QUERIES_MAX = 1_000
/** An event is claimed, read and settled. */
const QUERIES_PER_EVENT = 5
/** A stage that takes its candidate: up to three entries of the history with their image, and those of the decision before. */
const QUERIES_PER_STAGE = 10
/** For what an invocation does beside: the configuration, the next wake-up. */
const QUERIES_BESIDE = 40
const EVENTS_MAX = 64

/** Stages that take one image from the registry. `check` refuses more. */
export const FIRST_STAGES_PER_EVENT_MAX = 95

/** As if each event were of the image that most stages take. */
export function eventsPerInvocation(subscriptions: readonly Pick<Subscription, 'images' | 'stages'>[]): number {
  const stages = new Map<string, number>()
  for (const { images, stages: all } of subscriptions) {
    const first = all.filter(({ after }) => after.length === 0).length
    for (const name of images.map(formatImage)) stages.set(name, (stages.get(name) ?? 0) + first)
  }
  const most = Math.max(1, ...stages.values())
  const fit = Math.floor((QUERIES_MAX - QUERIES_BESIDE) / (QUERIES_PER_EVENT + QUERIES_PER_STAGE * most))
  return Math.min(Math.max(fit, 1), EVENTS_MAX)
}
