import { describe, expect, it } from 'vitest'
import { compareConfigs } from '../../../src/config/compare.ts'
import { configOptions } from '../../../src/cli/config-options.ts'
import { loadConfig } from '../../../src/config/load.ts'
import type { Config } from '../../../src/domain/config.ts'

type Words = {
  readonly mode?: string
  readonly tags?: string
  readonly after?: string
  readonly merge?: string
  readonly prod?: string
  readonly events?: string
  readonly image?: string
}

async function aConfig(words: Words = {}): Promise<Config> {
  const {
    mode = 'act',
    tags = '{ semver: ">=1" }',
    after = 'after: dev',
    merge = 'by-person',
    events = '{ type: distribution, secret: env:HOOK }',
  } = words
  const prod =
    words.prod ?? `prod: { ${after}${after === '' ? '' : ', '}git: gitops, file: prod.yaml, merge: ${merge} }`
  const text = `version: 1
mode: ${mode}
registries: { r: { host: registry.example.com, events: ${events} } }
git: { gitops: { github: acme/gitops, token: env:TOKEN } }
clusters: { dev: { inCluster: true } }
subscriptions:
  payments:
    image: registry.example.com/acme/${words.image ?? 'payments'}
    tags: ${tags}
    verify: none
    stages:
      dev: { cluster: dev, namespace: payments, workload: deployment/payments, container: app }
      ${prod}
`
  const loaded = await loadConfig(text, configOptions)
  if (!loaded.ok) throw new Error(loaded.error.map(({ message }) => message).join('\n'))
  return loaded.value.loaded.config
}

describe('a configuration compared with the one before', () => {
  it('says nothing where nothing changed', async () => {
    expect(compareConfigs(await aConfig(), await aConfig())).toEqual([])
  })

  it.each<[string, Words, { kind: string; where: string; weakens: boolean }]>([
    ['a stage that no longer waits', { after: '' }, { kind: 'changed', where: 'payments/prod', weakens: true }],
    [
      'Drayage merges by itself',
      { merge: 'when-approved' },
      { kind: 'changed', where: 'payments/prod', weakens: true },
    ],
    [
      'events without proof',
      { events: '{ type: distribution, auth: none }' },
      { kind: 'changed', where: 'registries.r', weakens: true },
    ],
    ['another image', { image: 'other' }, { kind: 'changed', where: 'payments', weakens: true }],
    ['other tags', { tags: '{ semver: ">=2" }' }, { kind: 'changed', where: 'payments', weakens: false }],
    ['observe', { mode: 'observe' }, { kind: 'changed', where: 'mode', weakens: false }],
    ['a stage that is gone', { prod: '' }, { kind: 'removed', where: 'payments/prod', weakens: false }],
  ])('tells %s', async (_what, words, expected) => {
    expect(compareConfigs(await aConfig(), await aConfig(words))).toMatchObject([expected])
  })

  it('tells the way back without a warning', async () => {
    expect(compareConfigs(await aConfig({ after: '' }), await aConfig())).toMatchObject([
      { where: 'payments/prod', weakens: false },
    ])
  })

  it('tells a target that moved', async () => {
    const moved = await aConfig({ prod: 'prod: { after: dev, git: gitops, file: live.yaml }' })
    expect(compareConfigs(await aConfig(), moved)).toMatchObject([{ kind: 'removed' }, { kind: 'added' }])
  })
})

describe('whose word is taken', () => {
  const withSenders = async (senders: object): Promise<Config> => {
    const config = await aConfig()
    return { ...config, subscriptions: config.subscriptions.map((one) => ({ ...one, ...senders })) }
  }

  it.each<[string, object, object, boolean]>([
    ['more proof', {}, { assurance: 'url-secret' }, false],
    ['less proof', { assurance: 'signed-body' }, { assurance: 'shared-secret' }, true],
    ['no proof any more', { assurance: 'shared-secret' }, {}, true],
    ['a list of pushers', {}, { pushers: ['ada'] }, false],
    ['one more pusher', { pushers: ['ada'] }, { pushers: ['ada', 'bob'] }, true],
    ['one pusher less', { pushers: ['ada', 'bob'] }, { pushers: ['ada'] }, false],
    ['everybody', { pushers: ['ada'] }, {}, true],
  ])('%s', async (_title, before, after, weakens) => {
    const changes = compareConfigs(await withSenders(before), await withSenders(after))
    expect(changes).toMatchObject([{ kind: 'changed', where: 'payments', weakens }])
  })
})
