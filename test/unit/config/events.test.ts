/** Who may tell of pushes, how often, and who looks when nobody tells. */

import { describe, expect, it } from 'vitest'
import { loaded, problemsOf, SMALLEST } from '../../helpers/config.ts'

const EVENTS = 'events: { type: distribution, secret: env:HOOK }'
const withRegistry = (entry: string): string => SMALLEST.replace(EVENTS, entry)
const registryOf = async (entry: string) => (await loaded(withRegistry(entry))).loaded.config.registries['local']
const subscriptionOf = async (more: string) =>
  (await loaded(SMALLEST.replace('verify: none', `verify: none\n    ${more}`))).loaded.config.subscriptions[0]

describe('an entry of registries', () => {
  it.each([
    [`${EVENTS}, eventsPerMinute: 30`, { eventsPerMinute: 30 }],
    [`${EVENTS}, settle: 5s`, { settleMs: 5_000 }],
    [`${EVENTS}, sweep: 1h`, { sweepMs: 3_600_000 }],
    [`${EVENTS}, sweep: none`, { sweepMs: null }],
    ['events: { type: poll }', { sweepMs: 300_000 }],
    ['events: { type: poll, every: 90s }', { sweepMs: 90_000 }],
  ])('with %s', async (entry, expected) => {
    expect(await registryOf(entry)).toMatchObject(expected)
  })

  it.each([EVENTS, `${EVENTS}, settle: none`])('with %s leaves the rest to the defaults', async (entry) => {
    expect(Object.keys((await registryOf(entry)) ?? {}).toSorted()).toEqual(['events', 'host', 'insecure'])
  })

  it('lets pushes to Docker Hub settle, unless it says otherwise', async () => {
    const hub = (more: string): string =>
      SMALLEST.replace('git:', `  hub: { events: { type: dockerhub, secret: env:HUB }${more} }\ngit:`)
    const settle = async (more: string) => (await loaded(hub(more))).loaded.config.registries['hub']?.settleMs
    expect([await settle(''), await settle(', settle: 10s'), await settle(', settle: none')]).toEqual([
      3_000,
      10_000,
      undefined,
    ])
  })

  it.each([
    [`${EVENTS}, eventsPerMinute: 0`, 'malformed registries.local.eventsPerMinute'],
    [`${EVENTS}, eventsPerMinute: 60001`, 'malformed registries.local.eventsPerMinute'],
    [`${EVENTS}, settle: 11m`, 'malformed registries.local.settle'],
    [`${EVENTS}, settle: soon`, 'malformed registries.local.settle'],
    [`${EVENTS}, sweep: 9s`, 'malformed registries.local.sweep'],
    [`${EVENTS}, sweep: false`, 'malformed registries.local.sweep'],
    ['events: { type: poll, every: 9s }', 'malformed registries.local.events.every'],
    ['events: { type: poll }, sweep: 15m', 'conflict registries.local.sweep'],
    ['insecure: true, sweep: 15m', 'conflict registries.local.sweep'],
  ])('is refused with %s', async (entry, problem) => {
    expect((await problemsOf(withRegistry(entry))).map((line) => line.replace(/^\S+ /u, ''))).toContain(problem)
  })

  it('that is polled has events: nobody is warned', async () => {
    expect(await problemsOf(withRegistry('events: { type: poll }'))).toEqual([])
  })
})

describe('a subscription', () => {
  it.each([
    ['assurance: signed-body', { assurance: 'signed-body' }],
    ['pushers: [ada, acme-ci]', { pushers: ['ada', 'acme-ci'] }],
  ])('with %s', async (more, expected) => {
    expect(await subscriptionOf(more)).toMatchObject(expected)
  })

  it.each(['assurance: high', 'pushers: []', 'pushers: ada'])('is refused with %s', async (more) => {
    const text = SMALLEST.replace('verify: none', `verify: none\n    ${more}`)
    const key = more.split(':')[0] ?? ''
    expect((await problemsOf(text)).join()).toContain(`malformed subscriptions.shop.${key}`)
  })
})
