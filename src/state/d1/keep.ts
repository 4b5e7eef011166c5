/** Kept texts in D1. */

import type { Keep } from '../keep.ts'
import { readKept, selectKept, swapKept } from '../sql/keep.ts'
import type { Database } from './database.ts'

export function createD1Keep(database: Database): Keep {
  return {
    load: async (name) => readKept(await database.run(selectKept(name))),
    save: async (name, text, wasVersion) =>
      (await database.run(swapKept(name, text, wasVersion))).length > 0 ? 'saved' : 'conflict',
  }
}
