/** Where scan results come from: asked by digest, one platform at a time. Whatever a vendor answers becomes a fact, never "clean" by itself. */

import type { ScanFact } from '../../domain/evidence.ts'
import type { ImageName } from '../../domain/image.ts'
import type { ScanTarget } from './judge.ts'

const AT_ONCE = 4
const DETAIL_LENGTH_MAX = 512

export type ScanQuestionOf = { readonly image: ImageName; readonly target: ScanTarget }

export type ScanSource = {
  /** As rules name it in `from`: `ecr`, `inspector2`, `artifact-analysis`, `defender`, `harbor`, `quay`. */
  readonly scanner: string
  /** Whether it may know anything about images of that place. */
  knows(image: ImageName): boolean
  /** Throws where the vendor was not there; `scanAll` makes `unavailable` of that. */
  find(question: ScanQuestionOf): Promise<ScanFact>
}

/** One fact for each platform and each source that may know it. */
export async function scanAll(
  sources: readonly ScanSource[],
  image: ImageName,
  targets: readonly ScanTarget[],
): Promise<readonly ScanFact[]> {
  const questions = sources
    .filter((source) => source.knows(image))
    .flatMap((source) => targets.map((target) => ({ source, target })))
  const facts: ScanFact[] = []
  for (let at = 0; at < questions.length; at += AT_ONCE) {
    const some = questions.slice(at, at + AT_ONCE)
    facts.push(...(await Promise.all(some.map(({ source, target }) => findOne(source, { image, target })))))
  }
  return facts
}

async function findOne(source: ScanSource, question: ScanQuestionOf): Promise<ScanFact> {
  try {
    return await source.find(question)
  } catch (error) {
    const detail = error instanceof Error ? error.message : 'it was not there'
    return scanFact(source.scanner, question, { state: 'unavailable', detail })
  }
}

type Said = Pick<ScanFact, 'state' | 'detail'> &
  Partial<Pick<ScanFact, 'counts' | 'findings' | 'scannedAt' | 'databaseAt' | 'source'>>

/** A fact with what a source leaves out: nothing counted, no time, nobody's signature. */
export function scanFact(scanner: string, { target }: ScanQuestionOf, said: Said): ScanFact {
  return {
    kind: 'scan',
    scanner,
    subject: target.digest,
    platform: target.platform,
    counts: {},
    findings: null,
    scannedAt: null,
    databaseAt: null,
    signers: [],
    source: scanner,
    ...said,
    detail: said.detail.slice(0, DETAIL_LENGTH_MAX),
  }
}
