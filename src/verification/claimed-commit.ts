/** The commit that an image claims to be built from, by its labels: nobody proved it, so it counts only for the repository of the configuration. */

import type { ImageFacts } from '../domain/image-facts.ts'
import type { PinnedImage } from '../domain/image.ts'
import type { RegistryContent } from '../domain/registry-content.ts'
import { Commit, isIn, type Source } from '../domain/source.ts'
import { imageContent } from './image-content.ts'
import { readImageFacts } from './image-facts.ts'

const SOURCE = 'org.opencontainers.image.source'
const REVISION = 'org.opencontainers.image.revision'

/** Null: it claims nothing, or to come from elsewhere, or its platforms do not agree. */
export async function readClaimedCommit(
  content: RegistryContent,
  image: PinnedImage,
  source: Source,
): Promise<Commit | null> {
  const facts = await readImageFacts(imageContent(content, image), image.digest)
  return facts.ok ? claimOf(facts.value, source) : null
}

export function claimOf({ annotations, platforms }: ImageFacts, source: Source): Commit | null {
  const claims = [annotations, ...platforms.flatMap((one) => [one.annotations, one.labels])].flatMap((claim) => {
    const repository = claim[SOURCE]
      ?.replace(/\/$/u, '')
      .replace(/\.git$/u, '')
      .toLowerCase()
    return Commit.safeParse({ repository, id: claim[REVISION] }).data ?? []
  })
  const [first, ...others] = claims.filter((claim) => isIn(source, claim))
  return first !== undefined && others.every(({ id }) => id === first.id) ? first : null
}
