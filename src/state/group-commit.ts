/**
 * Group commit: writes of one turn of the event loop share one transaction, so that one sync makes all of them durable.
 * Each has its own savepoint and outcome, and hears of it only after the commit.
 */

import type { Commit } from './sql.ts'

/** Bounds how long one transaction holds up the event loop. */
const GROUP_WRITES_MAX = 1000

/** A connection that understands BEGIN, COMMIT, ROLLBACK, SAVEPOINT, RELEASE and ROLLBACK TO. */
export type Connection = { execute(statement: string): void; isInTransaction(): boolean }

export type GroupCommit = {
  readonly commit: Commit
  /** Commits what waits, now: before closing. */
  flush(): void
}

/** `schedule` calls back when the turn's other work has been done. */
export function createGroupCommit(connection: Connection, schedule: (flush: () => void) => void): GroupCommit {
  let waiting: Write[] = []

  function flush(): void {
    const group = waiting.slice(0, GROUP_WRITES_MAX)
    waiting = waiting.slice(GROUP_WRITES_MAX)
    if (waiting.length > 0) schedule(flush)
    if (group.length > 0) commitGroup(connection, group)
  }

  return {
    commit: (work) =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0) schedule(flush)
        waiting.push(createWrite(work, resolve, reject))
      }),
    flush() {
      while (waiting.length > 0) flush()
    },
  }
}

type Write = {
  /** Does the work, and gives what to say once it is durable. */
  perform(): () => void
  reject(error: unknown): void
}

function createWrite<T>(work: () => T, resolve: (value: T) => void, reject: (error: unknown) => void): Write {
  return {
    perform() {
      const value = work()
      return () => resolve(value)
    },
    reject,
  }
}

function commitGroup(connection: Connection, group: readonly Write[]): void {
  try {
    connection.execute('BEGIN IMMEDIATE')
    const outcomes = group.map((write) => performAlone(connection, write))
    connection.execute('COMMIT')
    outcomes.forEach((tell) => tell())
  } catch (error) {
    if (connection.isInTransaction()) connection.execute('ROLLBACK')
    group.forEach((write) => write.reject(error))
  }
}

/** One that fails leaves the others as they are, unless it ended the transaction (a full disk does). */
function performAlone(connection: Connection, write: Write): () => void {
  connection.execute('SAVEPOINT one')
  try {
    const tell = write.perform()
    connection.execute('RELEASE one')
    return tell
  } catch (error) {
    if (!connection.isInTransaction()) throw error
    connection.execute('ROLLBACK TO one')
    connection.execute('RELEASE one')
    return () => write.reject(error)
  }
}
