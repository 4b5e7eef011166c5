/** The three tables: keys, indexes, and which attribute says when an item may expire. `serverless.yml` is tested against this. */

type Attribute = readonly [name: string, type: 'S' | 'N']
type Index = { readonly name: string; readonly key: readonly [string, string]; readonly include?: readonly string[] }
export type TableShape = {
  readonly attributes: readonly Attribute[]
  readonly key: readonly [string] | readonly [string, string]
  readonly indexes: readonly Index[]
  /** Items without it stay for ever. */
  readonly expires: string | null
}

/** Indexes are sparse: an item without an index's key is not in it, and costs nothing there. */
export const TABLES: Readonly<Record<'documents' | 'inbox' | 'journal', TableShape>> = {
  documents: {
    attributes: [
      ['id', 'S'],
      ['kind', 'S'],
      ['lane', 'S'],
      ['due', 'S'],
    ],
    key: ['id'],
    indexes: [
      { name: 'due', key: ['lane', 'due'] },
      { name: 'list', key: ['kind', 'id'] },
    ],
    expires: null,
  },
  inbox: {
    attributes: [
      ['id', 'S'],
      ['lane', 'S'],
      ['place', 'S'],
      ['waits', 'S'],
      ['turn', 'S'],
      ['dead', 'S'],
    ],
    key: ['id'],
    indexes: [
      { name: 'received', key: ['lane', 'place'] },
      { name: 'waiting', key: ['waits', 'turn'] },
      { name: 'dead', key: ['dead', 'place'] },
    ],
    expires: 'expires',
  },
  journal: {
    attributes: [
      ['document', 'S'],
      ['seq', 'S'],
      ['lane', 'S'],
      ['place', 'S'],
      ['promotion', 'S'],
      ['cause', 'S'],
      ['repository', 'S'],
    ],
    key: ['document', 'seq'],
    indexes: [
      { name: 'time', key: ['lane', 'place'], include: ['image'] },
      { name: 'promotion', key: ['promotion', 'place'] },
      { name: 'cause', key: ['cause', 'place'] },
      { name: 'repository', key: ['repository', 'place'], include: ['image'] },
    ],
    expires: 'expires',
  },
}
