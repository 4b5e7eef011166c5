/** What is read of what refers to a digest, to the byte: bounds, order, and whatever is not as it should be. */

import { describe, expect, it } from 'vitest'
import type { Digest, Tag } from '../../../src/domain/image.ts'
import {
  BLOB_BYTES_MAX,
  discover,
  LAYERS_MAX,
  type Budget,
  type Discovery,
} from '../../../src/verification/discover.ts'
import { aDigest, aPinnedImage } from '../../helpers/build.ts'
import { heldContent } from '../../helpers/held-content.ts'
import { tagOf } from '../../helpers/artifacts.ts'

const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json'
const image = aPinnedImage()
const subject = image.digest
const about = { subject: { digest: subject } }
const plenty = (): Budget => ({ deadline: 100, bytesLeft: 1_000, materialsLeft: 10 })

function registry() {
  const held = heldContent()
  const layer = (content: string, mediaType = BUNDLE) => ({ mediaType, ...held.putBlob(content) })
  const refer = (...documents: readonly unknown[]): readonly Digest[] => {
    const digests = documents.map((document) => held.putManifest(document))
    held.listed.set(subject, digests)
    return digests
  }
  const find = async (more: Partial<Discovery> = {}) => {
    const found = await discover({ content: held, image, subject, now: () => 0, budget: plenty(), ...more })
    if (!found.ok) throw new Error(found.error.detail)
    return found.value
  }
  return { held, layer, refer, find }
}

describe('an artifact', () => {
  it('is signatures where one of its layers is one, and the others are left', async () => {
    const { held, layer, refer, find } = registry()
    const other = layer('an SBOM', 'application/json')
    const [source] = refer({ ...about, layers: [other, layer('a'), layer('b')] })
    const { materials, reports, evidence } = await find()
    expect(materials.map((one) => [one.kind, one.source])).toEqual([
      ['sigstore-bundle', source],
      ['sigstore-bundle', source],
    ])
    expect([reports, evidence]).toEqual([[], []])
    expect(held.asked).not.toContain(other.digest)
  })

  it.each<[string, object, string]>([
    ['its own type', { artifactType: 'application/a', config: { mediaType: 'application/b' } }, 'application/a'],
    ["its configuration's", { config: { mediaType: 'application/b' } }, 'application/b'],
    ['none', { config: null, annotations: null }, ''],
  ])('without layers is a report by %s', async (_title, more, artifactType) => {
    const { refer, find } = registry()
    const [source] = refer({ ...about, ...more })
    expect((await find()).reports).toEqual([{ source, artifactType, layers: [], annotations: {} }])
  })

  it.each([
    [LAYERS_MAX, 0],
    [LAYERS_MAX + 1, 1],
  ])('of %i layers is cut %i times', async (count, cuts) => {
    const { layer, refer, find } = registry()
    const layers = Array.from({ length: count }, (_, at) => layer(`file ${at}`, 'application/json'))
    refer({ ...about, layers, annotations: { a: 'b' } })
    const { reports, evidence } = await find()
    expect(evidence.map(({ kind }) => kind)).toEqual(Array(cuts).fill('indeterminate'))
    expect(reports).toMatchObject([{ annotations: { a: 'b' } }])
    expect(reports[0]?.layers).toHaveLength(LAYERS_MAX)
  })

  it('of signatures is cut as well', async () => {
    const { layer, refer, find } = registry()
    refer({ ...about, layers: Array.from({ length: LAYERS_MAX + 1 }, () => layer('a')) })
    const { materials, evidence } = await find({ budget: { ...plenty(), materialsLeft: 1_000 } })
    expect(materials).toHaveLength(LAYERS_MAX)
    expect(evidence).toMatchObject([{ kind: 'indeterminate' }])
  })
})

describe('what may be spent', () => {
  it('on signatures is spent one by one', async () => {
    const { layer, refer, find } = registry()
    refer({ ...about, layers: [layer('a'), layer('bb'), layer('ccc')] })
    const enough = { ...plenty(), materialsLeft: 3, bytesLeft: 6 }
    expect(await find({ budget: enough })).toMatchObject({ materials: [{}, {}, {}], evidence: [] })
    expect(enough).toEqual({ deadline: 100, materialsLeft: 0, bytesLeft: 0 })
    for (const short of [{ materialsLeft: 2 }, { bytesLeft: 5 }]) {
      const { materials, evidence } = await find({ budget: { ...plenty(), ...short } })
      expect(materials).toHaveLength(2)
      expect(evidence).toMatchObject([{ kind: 'indeterminate' }])
    }
  })

  it.each([
    [BLOB_BYTES_MAX, 1],
    [BLOB_BYTES_MAX + 1, 0],
  ])('on a signature that says to have %i bytes: read %i times', async (size, times) => {
    const { held, layer, refer, find } = registry()
    const large = { ...layer('a'), size }
    refer({ ...about, layers: [large] })
    const { materials, evidence } = await find({ budget: { ...plenty(), bytesLeft: 10 * BLOB_BYTES_MAX } })
    expect([materials.length, evidence.length]).toEqual([times, 1 - times])
    expect(held.asked.filter((one) => one === large.digest)).toHaveLength(times)
  })

  it.each([
    [100, 1],
    [101, 0],
  ])('of time ends after its last millisecond (%i)', async (now, times) => {
    const { layer, refer, find } = registry()
    refer({ ...about, layers: [layer('a')] })
    const { materials, evidence } = await find({ now: () => now })
    expect([materials.length, evidence.length]).toEqual([times, 1 - times])
  })

  it('of time may end between two layers of one artifact', async () => {
    const { held, layer, refer, find } = registry()
    const [first, second] = [layer('a'), layer('b')]
    refer({ ...about, layers: [first, second] })
    const now = (): number => (held.asked.includes(first.digest) ? 101 : 0)
    const { materials, evidence } = await find({ now })
    expect(materials).toHaveLength(1)
    expect(evidence).toMatchObject([{ kind: 'indeterminate' }])
    expect(held.asked).not.toContain(second.digest)
  })
})

describe('the order', () => {
  it('is that of the registry, whichever answer came first, and what tags hold comes after', async () => {
    const { held, layer, refer, find } = registry()
    const digests = refer(...['a', 'b', 'c'].map((text) => ({ ...about, layers: [layer(text)] })))
    const tagged = held.putManifest({ layers: [layer('d')] }, tagOf(subject, '.sig'))
    const late: typeof held = {
      ...held,
      async manifest(name, reference) {
        // The earlier it is listed, the later it is answered.
        const turns = 10 * (digests.length - digests.indexOf(reference as Digest))
        for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
        return held.manifest(name, reference)
      },
    }
    const { materials } = await find({ content: late })
    expect(materials.map(({ source }) => source)).toEqual([...digests, tagged])
  })

  it('is asked for eight at a time', async () => {
    const { held, refer, find } = registry()
    refer(...Array.from({ length: 20 }, (_, n) => ({ ...about, n })))
    let [open, most] = [0, 0]
    const counted: typeof held = {
      ...held,
      async manifest(name, reference) {
        open += 1
        most = Math.max(most, open)
        await Promise.resolve()
        open -= 1
        return held.manifest(name, reference)
      },
    }
    expect((await find({ content: counted })).reports).toHaveLength(20)
    expect(most).toBe(8)
  })
})

describe("cosign's tag", () => {
  it('that the registry refuses is a problem of the whole', async () => {
    const { held } = registry()
    const problem = { reason: 'unauthorized', detail: 'who are you' } as const
    held.refused.set(tagOf(subject, '.att'), problem)
    expect(await discover({ content: held, image, subject, now: () => 0 })).toEqual({ ok: false, error: problem })
  })

  it('whose manifest is none is no evidence', async () => {
    const { held, find } = registry()
    held.putManifest('{', tagOf(subject, '.sig'))
    const { materials, evidence } = await find()
    expect(materials).toEqual([])
    expect(evidence).toMatchObject([{ kind: 'rejected', reason: 'malformed' }])
  })

  it('of a digest by SHA-512 is not asked for: there is no such tag', async () => {
    const { held, find } = registry()
    await find({ subject: `sha512:${'a'.repeat(128)}` as Digest })
    expect(held.asked).toEqual([])
    await find({ subject: aDigest(2) })
    expect(held.asked as readonly string[]).toEqual(['.sig', '.att'].map((suffix) => tagOf(aDigest(2), suffix) as Tag))
  })
})
