/** `npm run corpus -- KIND DIR`: holds us against recorded facts and our peers' tables; prints each disagreement, then `N passed, N failed`. */

import type { CorpusKind } from './kind.ts'

const kinds: Readonly<Record<string, () => Promise<{ corpus: CorpusKind }>>> = {
  auth: () => import('./auth.ts'),
  edits: () => import('./edits.ts'),
  payloads: () => import('./payloads.ts'),
  signatures: () => import('./signatures.ts'),
  tags: () => import('./tags.ts'),
}

const [kind = '', directory] = process.argv.slice(2)
const load = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
if (load === undefined || directory === undefined) {
  console.error(`Usage: npm run corpus -- KIND DIR\nKINDs: ${Object.keys(kinds).join(', ')}`)
  process.exitCode = 2
} else {
  const { corpus } = await load()
  const { passed, failures, excepted } = await corpus(directory)
  for (const failure of failures) console.log(`FAIL ${failure}`)
  for (const [reason, count] of Object.entries(excepted))
    console.log(`${String(count).padStart(5)} excepted: ${reason}`)
  console.log(`${passed} passed, ${failures.length} failed`)
  process.exitCode = failures.length === 0 ? 0 : 1
}
