/** Statements that are safe to run twice: where the database is away for a moment they are run again, and nobody hears of it. */

import { RetryLater } from '../../domain/retry.ts'
import type { Pool } from './connection.ts'

const PATIENCE_MS = 20_000
const PAUSE_FIRST_MS = 50
const PAUSE_MAX_MS = 1_000

export type Row = Readonly<Record<string, unknown>>
export type Value = string | number | null | readonly (string | number | null)[]

export type Database = {
  /**
   * One statement, which is a transaction of its own. An answer that is lost with its connection is asked for again until
   * `patienceMs` have passed, so the statement must be one that changes nothing the second time.
   */
  run(text: string, values?: readonly Value[], patienceMs?: number): Promise<readonly Row[]>
  /** For what is not repeated. */
  readonly pool: Pool
  /** Waits for what is under way; nothing more is tried again. */
  close(): Promise<void>
}

export function createDatabase(pool: Pool): Database {
  const underWay = new Set<Promise<unknown>>()
  const names = new Map<string, string>()
  let isClosed = false

  /** Every statement is a constant text, so each connection plans the few that there are once. */
  function nameOf(text: string): string {
    const name = names.get(text) ?? `drayage_${names.size}`
    names.set(text, name)
    return name
  }

  async function persist(text: string, values: readonly Value[], patienceMs: number): Promise<readonly Row[]> {
    const end = performance.now() + patienceMs
    for (let pauseMs = PAUSE_FIRST_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS)) {
      try {
        // The driver changes no array that it is given.
        return (await pool.query<Record<string, unknown>>({ name: nameOf(text), text, values: values as Value[] })).rows
      } catch (error) {
        if (!isPassing(error)) throw error
        if (isClosed || performance.now() + pauseMs >= end) throw unreachable(error)
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    }
  }

  return {
    pool,
    async run(text, values = [], patienceMs = PATIENCE_MS) {
      if (isClosed) throw new Error('The store is closed')
      const rows = persist(text, values, patienceMs)
      underWay.add(rows)
      return rows.finally(() => underWay.delete(rows))
    },
    async close() {
      isClosed = true
      await Promise.allSettled(underWay)
      await pool.end()
    },
  }
}

/** The server is away, starting, full or no longer the primary; or two writers met, and we were the one that had to yield. */
const PASSING_STATES = /^(?:08...|57P0[1-5]|53300|25006|40001|40P01)$/u
const PASSING_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  // The socket file of a server that is not there.
  'ENOENT',
])
/** The driver's own words, which have no code. */
const PASSING_WORDS =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed)/u

export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return PASSING_CODES.has(code) || PASSING_STATES.test(code) || PASSING_WORDS.test(error.message)
}

function unreachable(cause: unknown): RetryLater {
  const detail = cause instanceof Error ? cause.message : 'unknown failure'
  return new RetryLater(`the database cannot be reached: ${detail}`, { cause })
}
