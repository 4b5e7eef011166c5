import { describe, expect, it } from 'vitest'
import type { ImageFacts, PlatformFacts } from '../../../src/domain/image-facts.ts'
import { ImageRules } from '../../../src/domain/image-rules.ts'
import { Digest } from '../../../src/domain/image.ts'
import type { RunsAs } from '../../../src/domain/runs-as.ts'
import { judgeImage, type ImageContext } from '../../../src/verification/image-rules.ts'

const NOW = Date.UTC(2026, 10, 1)
const MB = 1_000_000
const digest = (digit: string): Digest => Digest.parse(`sha256:${digit.repeat(64)}`)
const layer = (digit: string, size: number) => ({ digest: digest(digit), size })
const BASE = 'docker.io/library/base@sha256:0000000000000000000000000000000000000000000000000000000000000000'
const OTHER_BASE = BASE.replace('library/base', 'library/other')

const amd64: PlatformFacts = {
  platform: 'linux/amd64',
  digest: digest('a'),
  layers: [layer('1', 100 * MB), layer('2', 10 * MB)],
  user: '1000',
  labels: { team: 'payments', 'org.opencontainers.image.source': 'https://github.com/acme/payments' },
  annotations: {},
}
const arm64: PlatformFacts = { ...amd64, platform: 'linux/arm64/v8', digest: digest('b') }
const image: ImageFacts = { digest: digest('f'), annotations: { reviewed: 'yes' }, platforms: [amd64, arm64] }
const one = (changed: Partial<PlatformFacts>): ImageFacts => ({ ...image, platforms: [{ ...amd64, ...changed }] })
const context: ImageContext = { image, running: null, bases: {}, since: NOW - 3_600_000, now: NOW }

const runsAs = (user: number | null, mustNotBeRoot = false): RunsAs => ({
  where: 'deployment/app',
  user,
  mustNotBeRoot,
})

const judged = (rules: unknown, changed: Partial<ImageContext> = {}) =>
  judgeImage(ImageRules.parse(rules), { ...context, ...changed }).map(({ rule, state, detail }) => [
    rule,
    state,
    detail,
  ])

describe('an image is judged by what it shows', () => {
  it.each<[string, unknown, Partial<ImageContext>, string, string | RegExp]>([
    ['its platforms are there', { platforms: ['linux/amd64', 'linux/arm64'] }, {}, 'held', /./u],
    [
      'a platform is missing',
      { platforms: ['linux/s390x'] },
      {},
      'failed',
      'linux/s390x missing; the image has linux/amd64, linux/arm64/v8',
    ],
    ['a variant is asked for that is not there', { platforms: ['linux/amd64/v3'] }, {}, 'failed', /missing/u],
    ['it is exactly as large as allowed', { maximumSize: '110MB' }, {}, 'held', /./u],
    [
      'it is a byte too large',
      { maximumSize: '109.999MB' },
      {},
      'failed',
      'linux/amd64: 110 MB compressed, limit 110 MB: layer 1 has 100 MB',
    ],
    [
      'only its second platform is too large',
      { maximumSize: '200MB' },
      { image: { ...image, platforms: [amd64, { ...arm64, layers: [layer('9', 300 * MB)] }] } },
      'failed',
      /^linux\/arm64\/v8: 300 MB/u,
    ],
    ['it has as many layers as allowed', { maximumLayers: 2 }, {}, 'held', /./u],
    ['it has a layer too many', { maximumLayers: 1 }, { image: one({}) }, 'failed', '2 layers, limit 1'],
    ['nothing runs yet', { maximumGrowth: '10%' }, {}, 'held', /./u],
    [
      'it grew as much as allowed',
      { maximumGrowth: '10%' },
      { running: one({ layers: [layer('1', 100 * MB)] }), image: one({}) },
      'held',
      /./u,
    ],
    [
      'it grew too much',
      { maximumGrowth: '10%' },
      {
        running: one({ layers: [layer('1', 100 * MB)] }),
        image: one({ layers: [layer('1', 100 * MB), layer('2', 2 * MB), layer('3', 210 * MB)] }),
      },
      'failed',
      '212 % larger than what runs, limit 10 %: layer 3 adds 210 MB',
    ],
    [
      'it grew by exactly what is allowed',
      { maximumGrowth: '50%' },
      { running: one({ layers: [layer('1', 100 * MB)] }), image: one({ layers: [layer('2', 150 * MB)] }) },
      'held',
      /./u,
    ],
    [
      'it grew by more than a half',
      { maximumGrowth: '50%' },
      { running: one({ layers: [layer('1', 100 * MB)] }), image: one({ layers: [layer('2', 200 * MB)] }) },
      'failed',
      '100 % larger than what runs, limit 50 %: layer 1 adds 200 MB',
    ],
    [
      'a layer that is new made it grow, smaller than the one that was there',
      { maximumGrowth: '10%' },
      {
        running: one({ layers: [layer('1', 100 * MB)] }),
        image: one({ layers: [layer('1', 100 * MB), layer('2', 60 * MB)] }),
      },
      'failed',
      /: layer 2 adds 60 MB$/u,
    ],
    [
      'it grew, and no layer is new',
      { maximumGrowth: '10%' },
      { running: one({ layers: [layer('1', 10 * MB)] }), image: one({ layers: [layer('1', 100 * MB)] }) },
      'failed',
      '900 % larger than what runs, limit 10 %',
    ],
    [
      'its second layer is the largest',
      { maximumSize: '10MB' },
      { image: one({ layers: [layer('1', 1.5 * MB), layer('2', 10 * MB), layer('3', 3 * MB)] }) },
      'failed',
      '15 MB compressed, limit 10 MB: layer 2 has 10 MB',
    ],
    [
      'it is small and still too large',
      { maximumSize: '9MB' },
      { image: one({ layers: [layer('1', 9.9 * MB)] }) },
      'failed',
      '9.9 MB compressed, limit 9.0 MB: layer 1 has 9.9 MB',
    ],
    [
      'one of its platforms has no name',
      { maximumLayers: 1 },
      { image: { ...image, platforms: [{ ...amd64, platform: null }, arm64] } },
      'failed',
      /^a platform without a name: /u,
    ],
    [
      'many workloads set a user, of whom five are named',
      { notRoot: true },
      { runsAs: [1, 2, 3, 4, 5, 6].map((user) => runsAs(user)) },
      'held',
      /runAsUser: 5$/u,
    ],
    [
      'one of its allowed bases is its own',
      { bases: [BASE, OTHER_BASE] },
      { image: one({}), bases: { [BASE]: null, [OTHER_BASE]: one({ layers: [layer('1', 1)] }) } },
      'held',
      /./u,
    ],
    [
      'one base is another, and one could not be read',
      { bases: [BASE, OTHER_BASE] },
      { image: one({}), bases: { [BASE]: one({ layers: [layer('7', 1)] }) } },
      'failed',
      `its first layers are those of no allowed base; ${OTHER_BASE} could not be read`,
    ],
    [
      'no base is its own',
      { bases: [BASE] },
      { image: one({}), bases: { [BASE]: one({ layers: [layer('7', 1)] }) } },
      'failed',
      'its first layers are those of no allowed base',
    ],
    [
      'a label is missing that must have a text',
      { labels: { owner: 'acme' } },
      { image: one({}) },
      'failed',
      'owner is missing, expected acme',
    ],
    [
      'what runs had no content at all',
      { maximumGrowth: '10%' },
      { running: one({ layers: [] }), image: one({}) },
      'failed',
      /^from nothing larger/u,
    ],
    [
      'its platform is new',
      { maximumGrowth: '1%' },
      { running: { ...image, platforms: [arm64] }, image: one({}) },
      'held',
      /./u,
    ],
    ['its user is a number', { notRoot: true }, {}, 'held', /./u],
    ['its user is a number with a group', { notRoot: true }, { image: one({ user: '1000:0' }) }, 'held', /./u],
    ['it has no user', { notRoot: true }, { image: one({ user: '' }) }, 'failed', /runs as root/u],
    ['its user is root', { notRoot: true }, { image: one({ user: 'root:root' }) }, 'failed', /runs as root/u],
    ['its user is 0', { notRoot: true }, { image: one({ user: '0:1000' }) }, 'failed', 'its user is 0, which is root'],
    ['its user is 0 in many digits', { notRoot: true }, { image: one({ user: '000' }) }, 'failed', /root/u],
    ['its user is a name', { notRoot: true }, { image: one({ user: 'app' }) }, 'failed', /may stand for 0/u],
    [
      'the workload sets a user',
      { notRoot: true },
      { image: one({ user: '' }), runsAs: [runsAs(65532)] },
      'held',
      'deployment/app sets runAsUser: 65532',
    ],
    [
      'the workload sets root, whatever the image says',
      { notRoot: true },
      { runsAs: [runsAs(0)] },
      'failed',
      'deployment/app sets runAsUser: 0, which is root',
    ],
    [
      'one of its workloads sets root',
      { notRoot: true },
      { runsAs: [runsAs(1000), runsAs(null), { ...runsAs(0), where: 'cronjob/app' }] },
      'failed',
      /^cronjob\/app sets runAsUser: 0/u,
    ],
    [
      'the workload leaves it to an image that is root',
      { notRoot: true },
      { image: one({ user: '' }), runsAs: [runsAs(null)] },
      'failed',
      /runs as root.*\(deployment\/app sets no runAsUser\)$/u,
    ],
    [
      'the workload would not start it as root',
      { notRoot: true },
      { image: one({ user: 'app' }), runsAs: [runsAs(null, true)] },
      'failed',
      /may stand for 0.*its runAsNonRoot would keep it from starting/u,
    ],
    [
      'one workload sets a user, and another leaves it to the image',
      { notRoot: true },
      { image: one({ user: '' }), runsAs: [runsAs(1000), runsAs(null)] },
      'failed',
      /runs as root/u,
    ],
    [
      'the workload leaves it to an image that has a user',
      { notRoot: true },
      { image: one({ user: '1000' }), runsAs: [runsAs(null)] },
      'held',
      "the image's user is 1000",
    ],
    [
      'it is built on an allowed base',
      { bases: [BASE] },
      {
        bases: {
          [BASE]: {
            ...image,
            platforms: [
              { ...amd64, layers: [layer('1', 1)] },
              { ...arm64, layers: [layer('1', 1)] },
            ],
          },
        },
      },
      'held',
      /./u,
    ],
    [
      'it only says that it is',
      { bases: [BASE] },
      {
        image: one({ annotations: { 'org.opencontainers.image.base.digest': digest('0') } }),
        bases: { [BASE]: one({ layers: [layer('7', 1)] }) },
      },
      'failed',
      /no allowed base; it says that it is built on sha256:0/u,
    ],
    [
      'the base has its layers in another order',
      { bases: [BASE] },
      { image: one({}), bases: { [BASE]: one({ layers: [layer('2', 1), layer('1', 1)] }) } },
      'failed',
      /./u,
    ],
    [
      'the base has no layers',
      { bases: [BASE] },
      { image: one({}), bases: { [BASE]: one({ layers: [] }) } },
      'failed',
      /./u,
    ],
    [
      'the base is for another platform',
      { bases: [BASE] },
      { image: one({}), bases: { [BASE]: { ...image, platforms: [arm64] } } },
      'failed',
      /./u,
    ],
    [
      'the base is longer than the image',
      { bases: [BASE] },
      { image: one({ layers: [layer('1', 1)] }), bases: { [BASE]: one({}) } },
      'failed',
      /./u,
    ],
    ['no base can be read', { bases: [BASE] }, { bases: { [BASE]: null } }, 'failed', /could not be read/u],
    [
      'its labels are there',
      { labels: { team: 'payments', 'org.opencontainers.image.source': '*' } },
      {},
      'held',
      /./u,
    ],
    [
      'a label has another text',
      { labels: { team: 'search' } },
      { image: one({}) },
      'failed',
      'team is payments, expected search',
    ],
    [
      'a label is missing',
      { labels: { owner: '*' } },
      { image: one({}) },
      'failed',
      'owner is missing, expected any text',
    ],
    ['a label is empty', { labels: { owner: '*' } }, { image: one({ labels: { owner: '' } }) }, 'failed', /missing/u],
    ['a label is named like a method', { labels: { constructor: '*' } }, { image: one({}) }, 'failed', /missing/u],
    ['the index has the annotation', { annotations: { reviewed: 'yes' } }, {}, 'held', /./u],
    [
      'a platform says otherwise than the index',
      { annotations: { reviewed: 'yes' } },
      { image: one({ annotations: { reviewed: 'no' } }) },
      'failed',
      /reviewed is no/u,
    ],
    ['its tag is old enough', { minimumAge: '1h' }, {}, 'held', 'known for 1h'],
    ['its tag is too young', { minimumAge: '2h' }, {}, 'waiting', 'known for 1h, expected 2h'],
    ['our clock went back', { minimumAge: '1s' }, { since: NOW + 60_000 }, 'waiting', /./u],
  ])('%s', (_title, rules, changed, state, detail) => {
    expect(judged(rules, changed)).toEqual([
      [
        `image ${Object.keys(rules as object)[0] ?? ''}`,
        state,
        typeof detail === 'string' ? detail : expect.stringMatching(detail),
      ],
    ])
  })

  it('judges each rule that is configured', () => {
    expect(judged({ maximumLayers: 1, notRoot: true, minimumAge: '2h' }).map(([, state]) => state)).toEqual([
      'failed',
      'held',
      'waiting',
    ])
  })

  it('holds nothing of an image without platforms', () => {
    expect(judged({ maximumLayers: 1 }, { image: { ...image, platforms: [] } })).toEqual([
      ['image platforms', 'failed', 'the image has no platform at all'],
    ])
  })
})

describe('rules are refused', () => {
  it.each([
    { maximumSize: '500' },
    { maximumGrowth: '10' },
    { notRoot: false },
    { platforms: [] },
    { platforms: ['amd64'] },
    { bases: ['docker.io/library/base:3'] },
    { minimumAge: 3600 },
    { maximalSize: '1MB' },
  ])('%j', (rules) => {
    expect(ImageRules.safeParse(rules).success).toBe(false)
  })
})
