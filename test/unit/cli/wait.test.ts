import { describe, expect, it } from 'vitest'
import { outcomeOf } from '../../../src/cli/wait.ts'
import type { Entry, EntryKind } from '../../../src/domain/history.ts'
import { parseImageReference, type ImageReference } from '../../../src/domain/image.ts'
import type { SubscriptionStatus } from '../../../src/status.ts'

const DIGEST = `sha256:${'1'.repeat(64)}`
const PINNED = `docker.io/acme/app:1.4.2@${DIGEST}`
const image = (text: string): ImageReference => {
  const parsed = parseImageReference(text)
  if (!parsed.ok) throw new Error(text)
  return parsed.value
}

type Stage = SubscriptionStatus['stages'][number]
const nothing: Stage = {
  stage: 'prod',
  current: null,
  how: 'unknown',
  since: null,
  promotion: null,
  next: null,
  waits: [],
  givenUp: 0,
  refused: [],
}
const status = (stage: Partial<Stage> = {}): SubscriptionStatus[] => [
  {
    subscription: 'app',
    damage: null,
    stages: [
      { ...nothing, stage: 'dev' },
      { ...nothing, ...stage },
    ],
  },
]
let seq = 100
const entry = (kind: EntryKind, changed: Partial<Entry> = {}): Entry => ({
  kind,
  reason: 'why',
  detail: 'because',
  stage: 'prod',
  image: PINNED,
  document: 'line/app',
  seq: (seq -= 1),
  at: 0,
  config: 'c',
  hash: 'h',
  ...changed,
})
const promotion = { id: 'p', image: PINNED, phase: 'delivering', openedAt: 0 }

describe('an image on its way to prod', () => {
  it.each<[string, Partial<Stage>, readonly Entry[], string, RegExp]>([
    ['is healthy there', { current: PINNED, how: 'healthy' }, [], 'healthy', /is healthy on prod/u],
    ['is there, unobserved', { current: PINNED, how: 'not-observed' }, [], 'healthy', /not observed/u],
    ['was only found there', { current: PINNED, how: 'found' }, [], 'waiting', /./u],
    ['is unheard of', {}, [], 'waiting', /no event of it came yet/u],
    [
      'is under way',
      { promotion, waits: ['deliver is under way'] },
      [entry('promotion-opened')],
      'waiting',
      /deliver is under way/u,
    ],
    ['was refused there', {}, [entry('refused'), entry('promotion-opened')], 'refused', /on prod: why: because/u],
    ['was refused on the way', {}, [entry('refused', { stage: 'dev' })], 'refused', /on dev/u],
    ['was rejected', {}, [entry('rejected')], 'rejected', /./u],
    ['was not trusted', {}, [entry('distrusted')], 'refused', /./u],
    ['was not approved in time', {}, [entry('expired')], 'rejected', /./u],
    ['was rolled back', {}, [entry('rolled-back'), entry('delivered')], 'rolled-back', /./u],
    ['was superseded', {}, [entry('superseded')], 'superseded', /./u],
    ['is older than what runs', {}, [entry('ignored', { reason: 'older' })], 'superseded', /older/u],
    ['came twice', {}, [entry('ignored', { reason: 'already-there' }), entry('promotion-opened')], 'waiting', /./u],
    ['was rolled back, lifted and comes again', {}, [entry('promotion-opened'), entry('rolled-back')], 'waiting', /./u],
    [
      'has a namesake that was refused',
      {},
      [entry('refused', { image: 'docker.io/acme/app-two:1.4.2' })],
      'waiting',
      /no event/u,
    ],
    [
      'has a digest that was refused under another',
      {},
      [entry('refused', { image: PINNED.replace('1111', '2222') })],
      'waiting',
      /no event/u,
    ],
  ])('%s', (_title, stage, entries, outcome, detail) => {
    const found = outcomeOf(image(PINNED), 'prod', status(stage), entries)
    expect(found).toEqual({ outcome, detail: expect.stringMatching(detail) })
  })

  it('is found by its tag alone', () => {
    const found = outcomeOf(image('docker.io/acme/app:1.4.2'), 'prod', status({ current: PINNED, how: 'healthy' }), [])
    expect(found.outcome).toBe('healthy')
  })

  it('has no such stage', () => {
    expect(outcomeOf(image(PINNED), 'production', status(), [])).toMatchObject({ outcome: 'refused' })
  })
})
