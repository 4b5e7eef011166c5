import { expect, it } from 'vitest'
import { describeDemands } from '../../../src/cli/check/demands.ts'
import { load } from '../../helpers/config.ts'

const TEXT = `version: 1
registries: { local: { host: "localhost:5000", events: { type: distribution, secret: env:HOOK } } }
git: { repo: { url: /srv/repo.git } }
signers:
  ci: { github: { repository: acme/app, workflow: r.yml, ref: refs/heads/main } }
  qa: { keyless: { issuer: "https://i", subject: qa@acme.example } }
subscriptions:
  shop:
    image: localhost:5000/shop
    tags: { semver: "*" }
    verify:
      require:
        - signature: { anyOf: [ci, qa], atLeast: 2 }
        - attestation: { type: spdx, anyOf: [ci] }
        - source: { repository: acme/app, anyOf: [ci, qa] }
        - scan: { maximum: { critical: 0, high: 5 } }
        - image: { notRoot: true }
    stages:
      prod:
        git: repo
        file: app.yaml
        gates:
          - soak: 2h
          - window: { allow: Mon-Thu 09:00-16:00, deny: Wed, timezone: Europe/Berlin }
          - approval: { from: [ann, bob], votes: 2 }
          - check: { name: e2e, report: true }
          - budget: { changes: 3 }
          - hold: audit
`

it('says in words what a stage demands', async () => {
  const result = await load(TEXT)
  const stage = result.ok ? result.value.loaded.config.subscriptions[0]?.stages[0] : undefined
  expect(stage && describeDemands(stage)).toEqual([
    'must prove: signature by 2 of ci, qa, attestation spdx by ci, source https://github.com/acme/app by any of ci, qa, scan with at most 0 critical and 5 high, image rules (notRoot); within 15m',
    'waits for: soak 2h, window Mon-Thu 09:00-16:00 but Wed (Europe/Berlin), 2 of ann, bob to approve, check e2e, at most 3 changes in 1h, hold: audit',
  ])
  expect(stage && describeDemands({ ...stage, verify: 'none', gates: [] })).toEqual([])
})
