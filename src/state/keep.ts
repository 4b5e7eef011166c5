/** The port for what is no document: one text by its name, swapped where its version is still the one that was read. */

export type Kept = { readonly text: string; readonly version: number }

export type Keep = {
  load(name: string): Promise<Kept | null>
  /** `wasVersion` 0: there is none yet. */
  save(name: string, text: string, wasVersion: number): Promise<'saved' | 'conflict'>
}
