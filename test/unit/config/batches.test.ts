import { describe, expect, it } from 'vitest'
import { loaded, problems, problemsOf, SMALLEST } from '../../helpers/config.ts'

const PROD = 'prod: { git: repo, file: app.yaml }'
const HOST = '{ github: acme/gitops, token: env:TOKEN }'
const MINUTE_MS = 60_000

type Written = { readonly own?: string; readonly subscription?: string; readonly shared?: string }

function written({ own, subscription, shared }: Written): string {
  const at = (value: string | undefined): string => (value === undefined ? '' : `, batch: ${value}`)
  const text = SMALLEST.replace(PROD, `prod: { git: repo, file: app.yaml${at(own)} }`).replace(
    '    verify: none',
    `    verify: none${subscription === undefined ? '' : `\n    batch: ${subscription}`}`,
  )
  return `${text}stages: { prod: { ${shared === undefined ? '' : `batch: ${shared}`} } }\n`
}

/** So many subscriptions that share a stage. */
function many(count: number, parts: { readonly name?: string; readonly targets?: number } = {}): string {
  const { name = 'app', targets = 1 } = parts
  const subscriptions = Array.from({ length: count }, (_, index) => {
    const files = Array.from({ length: targets }, (_each, file) => `{ git: repo, file: ${name}-${index}-${file}.yaml }`)
    return `  shop-${index}:
    image: localhost:5000/shop-${index}
    tags: { semver: "*" }
    verify: none
    stages: { prod: { targets: [${files.join(', ')}] } }
`
  })
  const head = SMALLEST.slice(0, SMALLEST.indexOf('subscriptions:'))
  return `${head}stages: { prod: { batch: 10m } }\nsubscriptions:\n${subscriptions.join('')}`
}

describe('how long a batch waits', () => {
  it.each<{ says: string; parts: Written; ms: number | undefined }>([
    { says: 'nobody', parts: {}, ms: undefined },
    { says: 'the shared stage', parts: { shared: '10m' }, ms: 10 * MINUTE_MS },
    { says: 'the subscription, for all its stages', parts: { subscription: '5m' }, ms: 5 * MINUTE_MS },
    { says: 'the stage of the subscription', parts: { own: '1m' }, ms: MINUTE_MS },
    { says: 'the subscription over the shared stage', parts: { subscription: '5m', shared: '10m' }, ms: 5 * MINUTE_MS },
    { says: 'the own stage over both', parts: { own: '1m', subscription: '5m', shared: '10m' }, ms: MINUTE_MS },
    { says: 'one that goes alone', parts: { own: 'none', shared: '10m' }, ms: undefined },
    { says: 'the shortest that there is', parts: { own: '10s' }, ms: 10_000 },
    { says: 'the longest that there is', parts: { own: '24h' }, ms: 24 * 60 * MINUTE_MS },
  ])('is said by $says', async ({ parts, ms }) => {
    const { config } = (await loaded(written(parts))).loaded
    expect(config.subscriptions[0]?.stages[0]?.batchMs).toBe(ms)
  })

  it.each(['9s', '25h', '0s', '10', 'true'])('is not %s', async (value) => {
    expect(await problemsOf(written({ own: value }))).toEqual([
      expect.stringContaining('malformed subscriptions.shop.stages.prod.batch'),
    ])
  })

  it('means nothing to a workload, unless it is written there', async () => {
    const cluster = 'clusters: { eu: { inCluster: true } }\n'
    const workload = 'cluster: eu, namespace: shop, workload: deployment/shop, container: app'
    const from = (own: string): string => `${SMALLEST.replace(PROD, `prod: { ${workload}${own} }`)}${cluster}`
    const shared = 'stages: { prod: { batch: 10m } }\n'
    const { config } = (await loaded(`${from('')}${shared}`)).loaded
    expect(config.subscriptions[0]?.stages[0]?.batchMs).toBeUndefined()
    expect(await problemsOf(from(', batch: 10m'))).toEqual([
      expect.stringContaining('conflict subscriptions.shop.stages.prod.batch'),
    ])
  })
})

describe('a batch', () => {
  it.each([
    { what: '100 promotions', text: many(100), expected: [] },
    { what: '101 promotions', text: many(101), expected: [/more than 100 subscriptions/u] },
    { what: '300 targets', text: many(30, { targets: 10 }), expected: [] },
    { what: '310 targets', text: many(31, { targets: 10 }), expected: [/more than 300 targets/u] },
    {
      what: 'names that no document holds',
      text: many(60, { name: 'x'.repeat(900), targets: 4 }),
      expected: [/more than one document takes/u],
    },
  ])('of $what is taken or refused, once', async ({ text, expected }) => {
    const found = (await problems(text)).filter(({ severity }) => severity === 'error')
    expect(found.map(({ message }) => message)).toEqual(expected.map((one) => expect.stringMatching(one)))
  })

  it('is merged in one way', async () => {
    const merge = (rule: string, text: string): string =>
      text.replace('file: app.yaml', `file: app.yaml, merge: ${rule}`)
    const on = (text: string): string => text.replace('{ url: /srv/repo.git }', HOST)
    const one = on(written({ shared: '10m' }))
    const other = one
      .slice(one.indexOf('  shop:'), one.indexOf('stages: { prod: { batch'))
      .replaceAll('shop', 'till')
      .replace('app.yaml', 'till.yaml')
    const both = (rule: string): string =>
      merge('when-approved', one).replace(
        'stages: { prod: { batch',
        `${other.replace('till.yaml', `till.yaml, merge: ${rule}`)}stages: { prod: { batch`,
      )
    expect(await problemsOf(both('when-approved'))).toEqual([])
    expect(await problemsOf(both('by-person'))).toEqual([
      expect.stringContaining('conflict subscriptions.till.stages.prod'),
    ])
  })
})
