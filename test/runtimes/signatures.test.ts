/** Signatures in workerd: every vector has the same outcome there as on Node, by the same code. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestHarness, type TestHarness } from 'wrangler'
import * as z from 'zod'
import { workerModules } from '../../scripts/worker-modules.ts'
import { Json } from '../../src/domain/json.ts'
import { outcomeOf, Vector, type Outcome } from '../corpus/signatures/outcome.ts'
import { withStores } from '../corpus/signatures/stores.ts'
import { notationSamples } from '../helpers/notation-samples.ts'
import { spki } from '../helpers/sigstore/certificates.ts'
import { pem } from '../helpers/sigstore/der.ts'
import { createSigstore, GITHUB_ISSUER, pair, WORKFLOW } from '../helpers/sigstore/instance.ts'
import { OTHER, SUBJECT } from '../helpers/sigstore/question.ts'
import { attestLayer, signBundle, signLayer, statement, type LayerJson } from '../helpers/sigstore/signatures.ts'

const CORPUS = process.env['DRAYAGE_CORPUS']

process.env['WRANGLER_SEND_METRICS'] = 'false'
process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false'

const sigstore = createSigstore()

let folder: string
let harness: TestHarness
let url: string
let code: Uint8Array

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-signatures-'))
  const built = await build({
    entryPoints: [new URL('signatures-worker.ts', import.meta.url).pathname],
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['workerd', 'worker', 'import'],
    target: 'es2024',
    minify: true,
    plugins: [workerModules],
    logLevel: 'silent',
    write: false,
  })
  code = built.outputFiles[0]?.contents ?? new Uint8Array()
  writeFileSync(join(folder, 'worker.js'), code)
  harness = createTestHarness({
    workers: [
      {
        config: {
          name: 'signatures',
          main: join(folder, 'worker.js'),
          base_dir: folder,
          no_bundle: true,
          compatibility_date: '2026-10-01',
        },
      },
    ],
  })
  url = (await harness.listen()).url.origin
}, 120_000)

afterAll(async () => {
  await harness.close()
  rmSync(folder, { recursive: true, force: true })
})

type Answer = { readonly outcome: Outcome | null; readonly wasRightAtStart: boolean }

async function inWorkerd(vector: Vector, files: Readonly<Record<string, string>>): Promise<Answer> {
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify({ vector, files }) })
  expect(answer.status).toBe(200)
  return (await answer.json()) as Answer
}

describe('verification in workerd', () => {
  it('is small enough to load beside the rest', () => {
    const kib = (bytes: number): string => `${Math.round(bytes / 1024)} KiB`
    console.log(`verification for workerd: ${kib(code.length)}, ${kib(gzipSync(code).length)} gzip`)
    expect(gzipSync(code).length).toBeLessThan(512 * 1024)
  })

  it('needs its crypto mended there, and has it right from then on', async () => {
    const [vector, files] = generated('a signature', signBundle(sigstore, statement(SUBJECT)), 'valid')
    const first = await inWorkerd(vector, encoded(files))
    expect(first).toMatchObject({ wasRightAtStart: false, outcome: { accepted: true } })
  })

  describe('by signatures of our own', () => {
    const other = pair()
    const later = new Date(sigstore.now.getTime() + 3_600_000)

    it.each([
      generated('logged by the first Rekor', signBundle(sigstore, statement(SUBJECT)), 'valid'),
      generated('logged by the second one', signBundle(sigstore, statement(SUBJECT), { log: 'v2' }), 'valid'),
      generated('a layer of a tag', layer(signLayer(sigstore, SUBJECT)), 'valid'),
      generated('an attestation of a tag', layer(attestLayer(sigstore, statement(SUBJECT))), 'valid'),
      ...(['P-256', 'P-384', 'P-521'] as const).map((curve) => keyed(curve)),
      generated('another digest', signBundle(sigstore, statement(OTHER)), 'invalid'),
      generated('another Sigstore', signBundle(createSigstore({ name: 'foreign' }), statement(SUBJECT)), 'invalid'),
      generated('no log', signBundle(sigstore, statement(SUBJECT), { log: 'none' }), 'invalid'),
      generated('no certificate log', signBundle(sigstore, statement(SUBJECT), { leaf: { sct: 'none' } }), 'invalid'),
      generated(
        'stamped too late',
        signBundle(sigstore, statement(SUBJECT), { log: 'v2', stampedAt: later }),
        'invalid',
      ),
      generated(
        "another's log entry",
        signBundle(sigstore, statement(SUBJECT), { entryVerifier: sigstore.leaf(other.publicKey) }),
        'invalid',
      ),
      generated(
        'a wrong log key',
        signBundle(sigstore, statement(SUBJECT), { append: { key: other.privateKey } }),
        'invalid',
      ),
    ])('$0.id: as on Node', async (vector, files) => {
      const read = (file: string): Uint8Array => Buffer.from(files[file] ?? '')
      const [here, there] = [await outcomeOf(vector, read), (await inWorkerd(vector, encoded(files))).outcome]
      expect(there).toEqual(here)
      expect(there?.accepted).toBe(vector.expected === 'valid')
    })
  })

  it.each(notationSamples())('$0.id: as on Node', async (vector, files) => {
    const read = (file: string): Uint8Array => files[file] ?? new Uint8Array()
    const texts = Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')])
    const there = (await inWorkerd(vector, Object.fromEntries(texts) as Record<string, string>)).outcome
    expect(there).toEqual(await outcomeOf(vector, read))
    expect(there?.accepted).toBe(vector.expected === 'valid')
  })

  describe.skipIf(CORPUS === undefined)('by the vectors of DRAYAGE_CORPUS', () => {
    const directory = join(CORPUS ?? '', 'sigvectors')
    const read = withStores((file) => readFileSync(join(directory, file)))
    const vectors =
      CORPUS === undefined
        ? []
        : Json.pipe(z.array(Vector)).parse(readFileSync(join(directory, 'manifest.json'), 'utf8'))

    it('has the outcome of Node for each of them', async () => {
      const differences: string[] = []
      let accepted = 0
      for (const vector of vectors) {
        const names = textsOf(vector).filter((text) => text.includes('/') && isThere(() => read(text)))
        const files = Object.fromEntries(names.map((name) => [name, Buffer.from(read(name)).toString('base64')]))
        const [here, there] = [await outcomeOf(vector, read), (await inWorkerd(vector, files)).outcome]
        if (here?.accepted !== there?.accepted) differences.push(`${vector.id}: ${there?.reason ?? 'nothing'}`)
        if (there?.accepted === true) accepted += 1
      }
      expect(differences).toEqual([])
      expect(accepted).toBeGreaterThan(0)
    }, 300_000)
  })
})

type Files = Readonly<Record<string, string>>
type Generated = readonly [Vector, Files]

/** What the corpus would hold of it. */
function generated(id: string, content: object, expected: Vector['expected']): Generated {
  const kind = 'payload' in content ? 'cosign-tag-layer' : 'sigstore-bundle'
  const vector = { id, file: 'signature', kind, expected, digest: SUBJECT, trustRoot: 'root', trustMode: 'public-good' }
  const signer = { identity: WORKFLOW, issuer: GITHUB_ISSUER }
  return [
    { ...vector, ...signer },
    { signature: JSON.stringify(content), root: sigstore.trustedRoot() },
  ]
}

function keyed(curve: 'P-256' | 'P-384' | 'P-521'): Generated {
  const keys = pair(curve)
  const bundle = signBundle(sigstore, statement(SUBJECT), { keys, by: 'key', log: 'none', stampedAt: null })
  const [vector, files] = generated(`a key on ${curve}`, bundle, 'valid')
  return [
    { ...vector, key: 'key', trustMode: 'key' },
    { ...files, key: pem('PUBLIC KEY', spki(keys.publicKey)) },
  ]
}

function layer({ blob, ...rest }: LayerJson): object {
  return { ...rest, payload: blob.toString('base64') }
}

function encoded(files: Files): Files {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text).toString('base64')]))
}

/** Wherever a vector names a file. */
function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : []
}

function isThere(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch {
    return false
  }
}
