/** Orders by text, code unit by code unit: the same on every machine. */

import { ok } from '../domain/result.ts'
import type { AlphabeticalFilter } from '../domain/tag-filter.ts'
import { compareText } from './part.ts'
import type { Scheme } from './scheme.ts'

export function createAlphabetical(filter: AlphabeticalFilter): Scheme<string> {
  const direction = filter.alphabetical === 'asc' ? 1 : -1
  return { read: ok, compare: (a, b) => direction * compareText(a, b) }
}
