/** Version 2 → 3: a train carries promotions of several lines. */

import * as z from 'zod'

type Loose = Record<string, unknown>
const Told = z.looseObject({ line: z.string() })
const PullRequest = z.looseObject({
  head: z.string(),
  heads: z.array(z.string()).optional(),
  reviewed: z.array(z.string()).optional(),
  shows: z.looseObject({ promotion: z.string() }),
})
const Train = z.looseObject({
  id: z.string(),
  kind: z.string(),
  order: z.number(),
  cargo: Told.optional(),
  next: Told.optional(),
  pullRequest: PullRequest.nullable(),
})

/** `train/<git>/<base>/<subscription>/<stage>` was told by that subscription's line alone. */
export function trainOfMany(document: Loose): { id: string; kind: string } & Loose {
  const { order, cargo, next, pullRequest, ...rest } = Train.parse(document)
  const line = `line/${rest.id.split('/').at(-2) ?? ''}`
  return {
    ...rest,
    orders: order === 0 ? {} : { [line]: order },
    cargos: cargo === undefined ? [] : [cargo],
    next: next === undefined ? [] : [next],
    departs: null,
    stopped: {},
    pullRequest: pullRequest === null ? null : showingMany(pullRequest),
  }
}

function showingMany(pullRequest: z.infer<typeof PullRequest>): Loose {
  const { shows, head, heads = [head], reviewed = [] } = pullRequest
  const { promotion } = shows
  return { ...pullRequest, shows: [shows], heads: { [promotion]: heads }, reviewed: { [promotion]: reviewed } }
}
