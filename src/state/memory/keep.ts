/** Kept texts in memory. */

import type { Keep, Kept } from '../keep.ts'

export function createMemoryKeep(): Keep {
  const kept = new Map<string, Kept>()
  return {
    load: async (name) => kept.get(name) ?? null,
    async save(name, text, wasVersion) {
      if ((kept.get(name)?.version ?? 0) !== wasVersion) return 'conflict'
      kept.set(name, { text, version: wasVersion + 1 })
      return 'saved'
    },
  }
}
