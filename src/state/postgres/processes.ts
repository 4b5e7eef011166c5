/** Who is alive of the processes on this database; what a dead one had claimed is free soon, and not only when its leases end. */

import type { Documents } from '../documents.ts'
import { idOfKey } from '../key.ts'
import { release } from '../take-over.ts'
import type { Database } from './database.ts'

const BEAT_MS = 2_000
/**
 * Whoever says nothing for so long is called dead. If it is alive after all (a network that was cut, a machine that stood
 * still), its work is done twice at the worst: targets refuse the older fence, as when a lease ends too early.
 */
const DEAD_AFTER_MS = 10_000

export type ProcessesOptions = {
  readonly database: Database
  readonly self: string
  readonly documents: Documents
  readonly now: () => number
  /** Something was freed, and may be due. */
  readonly onNews: () => void
}

export type Processes = {
  /** How many others are alive. */
  others(): Promise<number>
  close(): Promise<void>
}

export function createProcesses(options: ProcessesOptions): Processes {
  const { database, self } = options
  /** So long the database was there for us: before that, the silence of others says nothing. */
  let since: number | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let beating: Promise<void> = Promise.resolve()
  let isClosed = false

  async function beat(): Promise<void> {
    try {
      await database.run(BEAT, [self], BEAT_MS)
      since ??= performance.now()
      if (performance.now() - since > DEAD_AFTER_MS) await bury(options)
    } catch {
      since = undefined
    }
    if (isClosed) return
    timer = setTimeout(() => {
      beating = beat()
    }, BEAT_MS)
  }

  beating = beat()
  return {
    async others() {
      const [row] = await database.run(OTHERS, [self, DEAD_AFTER_MS])
      return Number(row?.['others'])
    },
    async close() {
      isClosed = true
      clearTimeout(timer)
      await beating
      await database.run('DELETE FROM drayage.process WHERE id = $1', [self], 0).catch(() => {})
    },
  }
}

/** A lease does not say whose it is: in a document of a dead process those of the living end too, and cost the same. */
async function bury({ database, documents, now, onNews }: ProcessesOptions): Promise<void> {
  const dead = (await database.run(DEAD, [DEAD_AFTER_MS], BEAT_MS)).map((row) => String(row['id']))
  if (dead.length === 0) return
  const held = await database.run('SELECT id FROM drayage.document WHERE lessees && $1::uuid[]', [dead])
  for (const row of held) {
    // One that cannot be read, or was saved by another just now, keeps none of the others waiting.
    await release(idOfKey(String(row['id'])), documents, now()).catch(() => {})
  }
  await database.run(FREE, [now(), dead])
  await database.run(`DELETE FROM drayage.process WHERE id = ANY ($1::uuid[]) AND ${SILENT}`, [dead, DEAD_AFTER_MS])
  onNews()
}

const BEAT = `INSERT INTO drayage.process (id, seen) VALUES ($1, clock_timestamp())
  ON CONFLICT (id) DO UPDATE SET seen = excluded.seen`

/** By the database's own clock: the processes' need not agree. */
const DEAD = `SELECT id FROM (
    SELECT unnest(lessees) AS id FROM drayage.document WHERE lessees IS NOT NULL
    UNION SELECT holder FROM drayage.inbox WHERE state = 'waiting' AND holder IS NOT NULL
  ) AS holder
  WHERE NOT EXISTS (
    SELECT 1 FROM drayage.process
    WHERE process.id = holder.id AND seen > clock_timestamp() - $1::bigint * interval '1 millisecond'
  )`

const OTHERS = `SELECT count(*) AS others FROM drayage.process
  WHERE id <> $1 AND seen > clock_timestamp() - $2::bigint * interval '1 millisecond'`

const SILENT = `seen <= clock_timestamp() - $2::bigint * interval '1 millisecond'`

const FREE = `UPDATE drayage.inbox SET due = least(due, $1::bigint), holder = NULL
  WHERE state = 'waiting' AND holder = ANY ($2::uuid[])`
