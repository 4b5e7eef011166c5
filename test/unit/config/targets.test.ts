import { describe, expect, it } from 'vitest'
import { load, problems, SMALLEST } from '../../helpers/config.ts'

const CLUSTERS = 'clusters: { eu: { inCluster: true }, us: { server: "https://us.example.com", token: env:US } }\n'
const workload = (cluster: string) =>
  `{ cluster: ${cluster}, namespace: shop, workload: deployment/shop, container: app }`
const many = (...targets: string[]) =>
  `${SMALLEST.replace('{ git: repo, file: app.yaml }', `{ targets: [${targets.join(', ')}] }`)}${CLUSTERS}`

describe('a stage with several targets', () => {
  it('has them all, in their order', async () => {
    const result = await load(many(workload('eu'), workload('us'), '{ git: repo, file: app.yaml }'))
    if (!result.ok) throw new Error(result.error.map(({ message }) => message).join('\n'))
    const [stage] = result.value.loaded.config.subscriptions[0]?.stages ?? []
    expect(stage?.targets).toEqual([
      {
        kind: 'workload',
        cluster: 'eu',
        namespace: 'shop',
        workload: 'deployment/shop',
        container: 'app',
        takeover: false,
      },
      {
        kind: 'workload',
        cluster: 'us',
        namespace: 'shop',
        workload: 'deployment/shop',
        container: 'app',
        takeover: false,
      },
      { kind: 'git', git: 'repo', file: 'app.yaml', merge: 'by-person' },
    ])
  })

  it.each<[string, readonly string[], RegExp]>([
    ['none', [], /targets/u],
    ['the same one twice', [workload('eu'), workload('eu')], /same target/u],
    ['a cluster that is not there', [workload('asia')], /asia/u],
    ['a place that is not named', ['{ cluster: eu, namespace: shop, workload: deployment/shop }'], /container/u],
    ['a merge where nothing is merged', ['{ git: repo, file: a.yaml, merge: when-approved }'], /nothing to merge/u],
    ['gates inside of one', [`{ git: repo, file: a.yaml, gates: [] }`], /gates/u],
  ])('is refused with %s', async (_title, targets, why) => {
    const found = await problems(many(...targets))
    expect(found.map(({ message }) => message).join('\n')).toMatch(why)
  })
})
