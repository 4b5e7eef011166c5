/** What is deployed stays as small as its budget says, and who only takes events in loads nothing that delivers. */

import { beforeAll, describe, expect, it } from 'vitest'
import type { BundleSizes } from '../../scripts/bundle-sizes.ts'
import { budgetFor, PLATFORMS, readBudget, sizesOf, type Budget } from '../../scripts/size-budget.ts'

const BUILD_TIMEOUT_MS = 120_000
/** A budget with more air than this hides growth. */
const AIR_MAX = 1.15
/** By platform: what a webhook reaches first. */
const TAKING_IN = { cloudflare: 'cloudflare/worker', aws: 'aws/webhook' } as const
const LATER =
  /node_modules\/(?:@kubernetes|@sigstore|@octokit|@aws-sdk|@smithy|undici|yaml|re2js|semver|pg|prom-client)\//u
/** Of our own: what decides, proves, delivers, watches and tells. */
const LATER_OWN = /^(?:.*\/)?src\/(?:decide|verification|delivery|health|checks|notifications|conversations)\//u

describe.each(PLATFORMS)('what is deployed to %s', (platform) => {
  let sizes: BundleSizes
  const budget = Object.fromEntries(
    Object.entries(readBudget()).filter(([name]) => name.startsWith(`${platform}/`)),
  ) as Budget
  beforeAll(() => {
    sizes = sizesOf(platform)
  }, BUILD_TIMEOUT_MS)

  it('has a budget for each entry', () => {
    expect(Object.keys(sizes).toSorted()).toEqual(Object.keys(budget).toSorted())
  })

  it.each(Object.entries(budget))('%s is within its budget (grown? npm run sizes -- --write)', (name, own) => {
    const { eager = Number.POSITIVE_INFINITY, total = Number.POSITIVE_INFINITY } = sizes[name] ?? {}
    expect({ eager: eager <= own.eager, total: total <= own.total, figures: { eager, total } }).toMatchObject({
      eager: true,
      total: true,
    })
    const today = budgetFor(sizes)[name]
    expect(own.eager / (today?.eager ?? 0)).toBeLessThan(AIR_MAX)
    expect(own.total / (today?.total ?? 0)).toBeLessThan(AIR_MAX)
  })

  it('takes events in without what delivers them', () => {
    expect(sizes[TAKING_IN[platform]]?.eagerInputs.filter(isLater)).toEqual([])
  })
})

function isLater(input: string): boolean {
  return LATER.test(input) || LATER_OWN.test(input)
}
