import { describe, expect, it } from 'vitest'
import { Registry } from '../../src/domain/image.ts'
import { match } from '../../src/match.ts'
import { anAcceptedEvent } from '../helpers/build.ts'
import { aLoadedConfig } from '../helpers/world.ts'

const { subscriptions } = aLoadedConfig().config
const [payments] = subscriptions
const hub = { host: Registry.parse('docker.io'), insecure: false }
const anyHost = { host: null, insecure: false }

describe('match', () => {
  it.each([
    { title: "takes the registry's own host", source: hub, event: {}, names: ['payments'] },
    {
      title: "takes the registry's own host, whatever the payload claims",
      source: hub,
      event: { registry: 'evil.example' },
      names: ['payments'],
    },
    {
      title: 'takes the claimed host of a receiver that speaks for many',
      source: anyHost,
      event: { registry: 'index.docker.io' },
      names: ['payments'],
    },
  ])('$title', ({ source, event, names }) => {
    const matched = match(anAcceptedEvent({ event }), source, subscriptions)
    expect(matched.matched && matched.subscriptions.map(({ name }) => name)).toEqual(names)
    expect(matched.matched && matched.name).toEqual({ registry: 'docker.io', repository: 'acme/payments' })
  })

  it.each([
    { title: 'a registry that is not configured any more', source: undefined, event: {}, reason: 'source-removed' },
    { title: 'no host at all', source: anyHost, event: { registry: null }, reason: 'no-host' },
    {
      title: 'a host that nobody follows',
      source: anyHost,
      event: { registry: 'evil.example' },
      reason: 'no-subscription',
    },
    {
      title: 'a repository that nobody follows',
      source: hub,
      event: { repository: 'acme/other' },
      reason: 'no-subscription',
    },
  ])('says why not: $title', ({ source, event, reason }) => {
    expect(match(anAcceptedEvent({ event }), source, subscriptions)).toMatchObject({ matched: false, reason })
  })

  it('gives every subscription that follows the image, in the order of the configuration', () => {
    if (payments === undefined) throw new Error('payments is configured')
    const three = [
      payments,
      { ...payments, name: 'other', images: [{ ...payments.images[0], repository: 'acme/other' }] },
      { ...payments, name: 'reports' },
    ]
    const matched = match(anAcceptedEvent(), hub, three as typeof subscriptions)
    expect(matched.matched && matched.subscriptions.map(({ name }) => name)).toEqual(['payments', 'reports'])
  })
})
