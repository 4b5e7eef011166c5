/** One row of a peer's table, and what it is to us. */

import * as z from 'zod'

export type Peer = 'flux' | 'image-updater' | 'kargo' | 'keel' | 'renovate'

const Texts = z.array(z.string())

const Policy = z.looseObject({
  type: z.string().optional(),
  range: z.string().optional(),
  constraint: z.string().optional(),
  order: z.string().optional(),
  level: z.string().optional(),
  pattern: z.string().optional(),
  match_prerelease: z.boolean().optional(),
  match_tag: z.boolean().optional(),
  strict_semver: z.boolean().optional(),
  allow_regexes: Texts.optional(),
  ignore_regexes: Texts.optional(),
})
export type Policy = z.infer<typeof Policy>

export const Case = z.looseObject({
  name: z.string().optional(),
  check: z.string().optional(),
  versioning: z.string().optional(),
  policy: Policy.optional(),
  filter: z.object({ pattern: z.string(), extract: z.string() }).optional(),
  tags: Texts.optional(),
  created: z.array(z.number()).optional(),
  tag: z.string().optional(),
  current: z.string().optional(),
  candidate: z.string().optional(),
  new: z.string().optional(),
  a: z.unknown().optional(),
  b: z.unknown().optional(),
  range: z.string().optional(),
  regex: z.string().optional(),
  allow: z.string().optional(),
  ignore: Texts.optional(),
  input: z.string().optional(),
  container_image: z.string().optional(),
  event: z.looseObject({ repository: z.string(), tag: z.string() }).optional(),
  expected: z.unknown().optional(),
})
export type Case = z.infer<typeof Case>

/** Our answer to a row, to be compared with its `expected`; `undefined` where the row does not hold what its question needs. */
type Answer = (row: Case) => unknown
/** By the row's `check`; a row without one asks `pick`. */
export type Answers = Readonly<Record<string, Answer>>
