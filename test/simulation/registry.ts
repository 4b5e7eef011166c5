/** The registry: tags that point at content, move, and vanish; and the events that it sends of them. */

import type { Registries } from '../../src/domain/registry.ts'
import { formatImage, type Digest, type ImageName } from '../../src/domain/image.ts'
import { err, ok } from '../../src/domain/result.ts'
import { RetryLater } from '../../src/domain/retry.ts'
import { aDigest } from '../helpers/build.ts'
import type { Ledger } from './ledger.ts'
import type { Life } from './life.ts'
import { COMPANION } from './shape.ts'

export type Registry = {
  readonly tags: Map<string, Digest>
  /** Of the second image of a release: pushed a little later, under the same tag. */
  readonly companions: Map<string, Digest>
  contents: number
  isDown: boolean
}

export function createRegistry(): Registry {
  return { tags: new Map(), companions: new Map(), contents: 0, isDown: false }
}

/** New content under a tag. */
export function pushTag(registry: Registry, tag: string): Digest {
  registry.contents += 1
  const digest = aDigest(registry.contents)
  registry.tags.set(tag, digest)
  return digest
}

/** What was there before, or anything older, once more: A → B → A. Null: there is nothing else. */
export function pushAgain(registry: Registry, tag: string, content: number): Digest | null {
  const digest = aDigest(content)
  if (registry.tags.get(tag) === digest) return null
  registry.tags.set(tag, digest)
  return digest
}

function tagsOf({ tags, companions }: Registry, { repository }: ImageName): ReadonlyMap<string, Digest> {
  return repository === COMPANION.repository ? companions : tags
}

const COMPANIONS_FROM = 1_000_000

/** The same content of the one is built with the same content of the other. */
export function pushCompanion(registry: Registry, tag: string, digest: string): void {
  registry.companions.set(tag, aDigest(COMPANIONS_FROM + Number.parseInt(digest.slice(-12), 16)))
}

export function registriesOf(registry: Registry, life: Life, ledger: Ledger): Registries {
  const ask = async <T>(answer: () => T): Promise<T> => {
    await life.send()
    if (registry.isDown) throw new RetryLater('the registry is down', { retryAfterMs: 5_000 })
    const said = answer()
    await life.receive()
    return said
  }
  return {
    resolve: (image) =>
      ask(() => {
        const digest = tagsOf(registry, image).get(image.tag)
        if (digest === undefined) return err({ reason: 'tag-not-found', detail: image.tag })
        ledger.resolved(formatImage({ ...image, digest }))
        return ok({ digest, mediaType: 'application/vnd.oci.image.index.v1+json' })
      }),
    inspect: () => ask(() => ok({ kind: 'image' })),
    listTags: (image) => ask(() => ok([...tagsOf(registry, image).keys()])),
  }
}
