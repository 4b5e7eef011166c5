import { describe, expect, it } from 'vitest'
import { compareConfigs, type Change } from '../../../src/config/compare.ts'
import { load } from '../../helpers/config.ts'
import type { Config } from '../../../src/domain/config.ts'

const CI = 'ci: { github: { repository: acme/app, workflow: r.yml, ref: refs/heads/main } }'
const QA = 'qa: { keyless: { issuer: "https://i", subject: qa@acme.example } }'

type Words = { readonly verify?: string; readonly gates?: string; readonly signers?: string; readonly after?: string }

async function aConfig({
  verify = '{ signature: ci }',
  gates = '[]',
  signers = `${CI}, ${QA}`,
  after = '[a, b]',
}: Words): Promise<Config> {
  const result = await load(`version: 1
registries: { local: { host: "localhost:5000", events: { type: distribution, secret: env:HOOK } } }
git: { repo: { url: /srv/repo.git } }
signers: { ${signers} }
subscriptions:
  shop:
    image: localhost:5000/shop
    tags: { semver: "*" }
    verify: none
    stages:
      a: { git: repo, file: a.yaml }
      b: { git: repo, file: b.yaml }
      prod: { git: repo, file: app.yaml, after: ${after}, verify: ${verify}, gates: ${gates} }
`)
  if (!result.ok) throw new Error(result.error.map(({ message }) => message).join('\n'))
  return result.value.loaded.config
}

async function changes(before: Words, after: Words): Promise<readonly Change[]> {
  return compareConfigs(await aConfig(before), await aConfig(after))
}

describe('a change of what is demanded', () => {
  it.each<[string, Words, Words, readonly boolean[]]>([
    ['nothing', {}, {}, []],
    ['no proof any more', {}, { verify: 'none' }, [true]],
    ['proof where there was none', { verify: 'none' }, {}, [false]],
    ['one more requirement', {}, { verify: '{ signature: ci, scan: { maximum: { critical: 0 } } }' }, [false]],
    ['one requirement less', { verify: '{ signature: ci, scan: { maximum: { critical: 0 } } }' }, {}, [true]],
    ['another signer', {}, { verify: '{ signature: qa }' }, [true, false]],
    ['one of two in place of one', {}, { verify: '{ signature: { anyOf: [ci, qa] } }' }, [true, false]],
    ['more patience', {}, { verify: '{ signature: ci, wait: 1h }' }, [false]],
    ['older verdicts', {}, { verify: '{ signature: ci, fresh: 1h }' }, [true]],
    ['fresher verdicts', {}, { verify: '{ signature: ci, fresh: 1m }' }, [false]],
    ['what was denied comes again', {}, { verify: '{ signature: ci, reconsider: true }' }, [true]],
    ['a gate more', {}, { gates: '[{ soak: 1h }]' }, [false]],
    ['a gate less', { gates: '[{ soak: 1h }]' }, {}, [true]],
    ['a gate that is another', { gates: '[{ soak: 2h }]' }, { gates: '[{ soak: 1h }]' }, [true, false]],
    ['any stage in place of all', {}, { after: '{ any: [a, b] }' }, [true]],
    ['all stages in place of any', { after: '{ any: [a, b] }' }, {}, [false]],
    ['the same name for somebody else', {}, { signers: `${CI.replace('acme/app', 'acme/fork')}, ${QA}` }, [true]],
  ])('%s', async (_title, before, after, weakens) => {
    expect((await changes(before, after)).map((change) => change.weakens)).toEqual(weakens)
  })
})
