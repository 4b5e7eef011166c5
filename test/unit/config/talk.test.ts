/** Chats, people and channels in the configuration. */

import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import type { Platform } from '../../../src/config/platform.ts'
import { receiverTypes } from '../../../src/receivers/index.ts'

const load = (yaml: string, platform?: Platform) =>
  loadConfig(yaml, { receivers: [...receiverTypes.values()], ...(platform && { platform }) })
const BASE = `version: 1
registries: { hub: { host: docker.io, events: { type: dockerhub, secret: env:HUB } } }
git: { gitops: { github: acme/gitops, token: env:TOKEN } }
`
const subscriptions = (gates = '') => `subscriptions:
  payments:
    image: docker.io/acme/payments
    tags: { semver: ">=1" }
    verify: none
    stages: { prod: { git: gitops, file: prod.yaml${gates} } }
`
const ASKING = ', gates: [{ approval: { slack: C0REL, from: [S0REL], expires: 24h } }]'
const SLACK = 'slack: { token: env:SLACK_TOKEN, signingSecret: [env:NEW, env:OLD] }\n'

describe('chats and channels', () => {
  it('are read', async () => {
    const people = 'people: { anna: { slack: U1ANNA, github: annacodes, pusher: [anna, "anna@acme"] } }\n'
    const channels = `notifications:
  oncall: { type: pagerduty, key: env:PD, stages: [prod] }
  team: { type: teams, url: env:TEAMS, on: [delivered, healthy], subscriptions: [payments] }
  hook: { type: webhook, url: env:URL, secret: [env:A, env:B] }
  mail: { type: email, server: env:SMTP, from: drayage@example.com, to: [oncall@example.com] }
`
    const loaded = await load(BASE + SLACK + people + channels + subscriptions(ASKING))
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error, null, 2))
    const { config } = loaded.value.loaded
    expect(config.slack?.signingSecret).toEqual(['env:NEW', 'env:OLD'])
    expect(config.people['anna']).toMatchObject({ slack: 'U1ANNA' })
    expect(Object.keys(config.notifications)).toEqual(['oncall', 'team', 'hook', 'mail'])
  })

  it.each<[string, string, RegExp]>([
    ['a gate that asks in a Slack that is not configured', subscriptions(ASKING), /there is no slack:/u],
    [
      'a secret that is written out',
      `slack: { token: xoxb-1, signingSecret: env:S }\n${subscriptions()}`,
      /expected a reference/u,
    ],
    [
      'two persons with one id',
      `people: { anna: { slack: U1A }, ben: { slack: U1A } }\n${subscriptions()}`,
      /U1A is anna already/u,
    ],
    [
      'a channel for a stage that is not there',
      `notifications: { t: { type: teams, url: env:U, stages: [prd] } }\n${subscriptions()}`,
      /there is no prd.*prod/u,
    ],
    [
      'a channel for a subscription that is not there',
      `notifications: { t: { type: teams, url: env:U, subscriptions: [payment] } }\n${subscriptions()}`,
      /there is no payment/u,
    ],
    ['a channel of no known type', `notifications: { t: { type: pigeon } }\n${subscriptions()}`, /./u],
    [
      'news of no known kind',
      `notifications: { t: { type: teams, url: env:U, on: [everything] } }\n${subscriptions()}`,
      /./u,
    ],
    [
      'an address that is none',
      `notifications: { m: { type: email, server: env:S, from: mememe, to: [a@b] } }\n${subscriptions()}`,
      /e-mail address/u,
    ],
  ])('are refused for %s', async (_title, yaml, why) => {
    const loaded = await load(BASE + yaml)
    expect(loaded.ok).toBe(false)
    expect(JSON.stringify(loaded)).toMatch(why)
  })

  it.each<Platform>(['cloudflare', 'aws'])('by e-mail are refused on %s', async (platform) => {
    const mail = 'notifications: { m: { type: email, server: env:S, from: a@b, to: [c@d] } }\n'
    const loaded = await load(BASE + mail + subscriptions(), platform)
    expect(JSON.stringify(loaded)).toMatch(/mail server/u)
  })
})
