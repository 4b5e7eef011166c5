import { describe, expect, it, vi } from 'vitest'
import { createReadiness, type ReadinessOptions } from '../../src/readiness.ts'
import type { SecretReference } from '../../src/domain/secret.ts'
import { createLog } from '../../src/log.ts'
import { createMemoryState } from '../../src/state/memory.ts'
import { anAcceptedEvent, NOW } from '../helpers/build.ts'
import { aLoadedConfig } from '../helpers/world.ts'

function aScene(options: Partial<ReadinessOptions> = {}) {
  let now = NOW
  const { config } = aLoadedConfig()
  const missing = new Set<string>()
  const lines: string[] = []
  const readiness = createReadiness({
    inbox: createMemoryState().inbox,
    config: () => ({
      ...config,
      registries: {
        hub: { host: null, insecure: false, events: { type: 'dockerhub', secret: ['env:HUB', 'env:HUB_OLD'] } },
        ci: { host: null, insecure: false, events: { type: 'webhook', publicKey: 'file:/run/ci' } },
      },
      git: { gitops: { github: 'acme/gitops', base: 'main', token: 'env:GITHUB' } },
      server: { ...config.server, tokens: [{ person: 'otto', role: 'operator', token: 'env:OTTO' }] },
    }),
    secretOf: (reference: SecretReference) => async () => {
      if (missing.has(reference)) throw new Error(`the secret ${reference} is not set`)
      return ['x']
    },
    now: () => now,
    log: createLog({ write: (line) => void lines.push(line), now: () => now, level: 'debug', style: 'json' }),
    ...options,
  })
  return { readiness, missing, lines, pass: (ms: number): void => void (now += ms) }
}

it('is ready where the store answers and every secret is there', async () => {
  const { readiness, lines } = aScene()
  expect([await readiness.unready(), await readiness.problems(), lines]).toEqual([[], [], []])
})

it('is not ready once it stops', async () => {
  const { readiness } = aScene()
  readiness.stop()
  expect(await readiness.unready()).toEqual(['stopping'])
})

describe('a secret that cannot be read', () => {
  it.each([
    ['env:HUB', 'registries.hub.events.secret.0'],
    ['env:HUB_OLD', 'registries.hub.events.secret.1'],
    ['file:/run/ci', 'registries.ci.events.publicKey'],
    ['env:GITHUB', 'git.gitops.token'],
    ['env:OTTO', 'server.api.tokens.0.token'],
  ])('keeps a service that starts from being ready: %s', async (reference, place) => {
    const { readiness, missing } = aScene()
    missing.add(reference)
    expect(await readiness.unready()).toEqual(['secret'])
    expect(await readiness.problems()).toEqual([
      { what: 'secret', detail: `${place}: the secret ${reference} is not set` },
    ])
  })

  it('later keeps out only those whose secret it is (CVE-2022-39272)', async () => {
    const { readiness, missing, pass } = aScene()
    await readiness.unready()
    missing.add('env:HUB')
    pass(1_000)
    expect(await readiness.unready()).toEqual([])
    expect(await readiness.problems()).toHaveLength(1)
  })

  it('is told once, and so is its end', async () => {
    const { readiness, missing, pass, lines } = aScene()
    missing.add('env:HUB')
    for (let count = 0; count < 5; count += 1) {
      await readiness.unready()
      pass(1_000)
    }
    missing.clear()
    await readiness.unready()
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual([
      'something is missing',
      'all is well again',
    ])
  })
})

describe('a store', () => {
  it('that throws is not ready', async () => {
    const { inbox } = createMemoryState()
    const { readiness } = aScene({ inbox: { ...inbox, depth: () => Promise.reject(new Error('disk I/O error')) } })
    expect(await readiness.unready()).toEqual(['store'])
    expect(await readiness.problems()).toEqual([{ what: 'store', detail: 'the store does not answer: disk I/O error' }])
  })

  it('that says nothing is not waited for', async () => {
    const { inbox } = createMemoryState()
    const { readiness } = aScene({ inbox: { ...inbox, depth: () => new Promise(() => {}) } })
    vi.useFakeTimers()
    const unready = readiness.unready()
    await vi.advanceTimersByTimeAsync(2_000)
    vi.useRealTimers()
    expect(await unready).toEqual(['store'])
  })

  it('that refused the last event is not ready until it takes one, or a while has passed', async () => {
    const { inbox } = createMemoryState()
    let isFull = true
    const put: typeof inbox.put = async (events) => {
      if (isFull) throw new Error('disk full')
      return inbox.put(events)
    }
    const { readiness, pass } = aScene({ inbox: { ...inbox, put } })
    expect(await readiness.unready()).toEqual([])
    await expect(readiness.inbox.put([anAcceptedEvent()])).rejects.toThrow('disk full')
    expect(await readiness.unready()).toEqual(['store'])
    pass(20_000)
    expect(await readiness.unready()).toEqual([])
    await expect(readiness.inbox.put([anAcceptedEvent()])).rejects.toThrow('disk full')
    expect(await readiness.unready()).toEqual(['store'])
    isFull = false
    expect(await readiness.inbox.put([anAcceptedEvent()])).toEqual(['stored'])
    pass(1_000)
    expect(await readiness.unready()).toEqual([])
  })

  it('is asked once for many who ask at once', async () => {
    const { inbox } = createMemoryState()
    let asked = 0
    const depth = async (): Promise<number> => (asked += 1)
    const { readiness } = aScene({ inbox: { ...inbox, depth } })
    await Promise.all(Array.from({ length: 100 }, () => readiness.unready()))
    expect(asked).toBe(1)
  })
})
