/** What an entry of a Git tree is, by its mode. */

import type { Entry } from './source.ts'

/** Neither links nor other repositories are followed. */
export function kindOf(mode: string): Entry['kind'] {
  if (mode === '040000') return 'folder'
  return mode === '100644' || mode === '100755' ? 'file' : 'other'
}
