/** An image out of its registry: what is read of it, and what each refusal means. */

import { describe, expect, it } from 'vitest'
import { digestOf, tinyImage } from '../../../src/cli/demo/image.ts'
import { Registry, Repository } from '../../../src/domain/image.ts'
import type { RegistryContent } from '../../../src/domain/registry-content.ts'
import type { RegistryProblem } from '../../../src/domain/registry.ts'
import { err, ok } from '../../../src/domain/result.ts'
import { RetryLater } from '../../../src/domain/retry.ts'
import { imageContent } from '../../../src/verification/image-content.ts'

const image = { registry: Registry.parse('registry.example'), repository: Repository.parse('acme/app') }
const { manifest, blobs } = tinyImage('content')
const [config] = blobs
const CONFIG = config?.digest ?? manifest.digest

type Answers = { readonly manifest?: RegistryProblem | null | Buffer; readonly blob?: RegistryProblem }

function contentOf(answers: Answers = {}) {
  const asked: unknown[] = []
  const content: Pick<RegistryContent, 'manifest' | 'blob'> = {
    async manifest(_image, reference) {
      const answer = answers.manifest === undefined ? manifest.bytes : answers.manifest
      if (answer === null) return ok(null)
      if (!Buffer.isBuffer(answer)) return err(answer)
      return ok({ digest: digestOf(answer), bytes: answer, mediaType: String(reference) })
    },
    async blob(_image, descriptor, bytesMax) {
      asked.push([descriptor, bytesMax])
      return answers.blob === undefined ? ok(config?.bytes ?? Buffer.alloc(0)) : err(answers.blob)
    },
  }
  const source = imageContent({ ...content, referrers: async () => ok({ entries: [], cut: null }) }, image)
  return { source, asked }
}

describe('an image', () => {
  it('is read as its manifest says: no more bytes than it names', async () => {
    const { source, asked } = contentOf()
    expect(await source.manifest(manifest.digest)).toEqual(ok(manifest.bytes))
    expect(await source.blob(CONFIG)).toMatchObject({ ok: true, value: config?.bytes })
    expect(asked).toEqual([[{ digest: CONFIG, size: config?.bytes.length }, 4 * 1024 * 1024]])
  })

  it('has no part that no manifest named', async () => {
    const { source, asked } = contentOf()
    expect(await source.blob(CONFIG)).toMatchObject({ ok: false, error: { reason: 'malformed' } })
    expect(asked).toEqual([])
  })

  it('that is not there is not found', async () => {
    const { source } = contentOf({ manifest: null })
    expect(await source.manifest(manifest.digest)).toMatchObject({ ok: false, error: { reason: 'not-found' } })
  })

  it.each([
    ['answer-too-large', 'too-large'],
    ['malformed-answer', 'malformed'],
  ] as const)('that a registry refuses as %s is %s', async (reason, expected) => {
    const problem = { reason, detail: 'so it says' } as RegistryProblem
    const { source } = contentOf({ manifest: problem })
    expect(await source.manifest(manifest.digest)).toMatchObject({ ok: false, error: { reason: expected } })
    const other = contentOf({ blob: problem }).source
    await other.manifest(manifest.digest)
    expect(await other.blob(CONFIG)).toMatchObject({ ok: false, error: { reason: expected } })
  })

  it('that we may not read is asked for again later', async () => {
    const problem = { reason: 'unauthorized', detail: 'who are you' } as RegistryProblem
    await expect(contentOf({ manifest: problem }).source.manifest(manifest.digest)).rejects.toThrow(RetryLater)
  })
})
