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

const CORPUS = process.env['DRAYAGE_CORPUS']

process.env['WRANGLER_SEND_METRICS'] = 'false'
process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false'

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
