/** LISTEN and NOTIFY: word between processes that something may be due. Only quickens; what is lost is found by the timer. */

import type { Database } from './database.ts'
import { type Client, createClient, type Place } from './connection.ts'

const CHANNEL = 'drayage'
/** NOTIFY makes commits wait for each other, so it is never part of a write, and rare. */
const TELL_EVERY_MS = 100
const RECONNECT_FIRST_MS = 250
const RECONNECT_MAX_MS = 10_000

export type Notices = {
  /** Others are told soon, once for all that happens until then. */
  tell(): void
  close(): Promise<void>
}

export type NoticesOptions = {
  readonly place: Place
  readonly database: Database
  readonly self: string
  /** Another process wrote something; also after each reconnect, since words may have been missed. */
  readonly onNews: () => void
}

export function createNotices({ place, database, self, onNews }: NoticesOptions): Notices {
  let timer: ReturnType<typeof setTimeout> | undefined
  const ear = listen(place, (sender) => {
    if (sender !== self) onNews()
  })
  const speak = (): void => {
    timer = undefined
    database.pool.query('SELECT pg_notify($1, $2)', [CHANNEL, self]).catch(() => {})
  }
  return {
    tell() {
      timer ??= setTimeout(speak, TELL_EVERY_MS)
    },
    async close() {
      clearTimeout(timer)
      await ear.close()
    },
  }
}

/** Hears as long as it is not closed, over any number of connections; an empty sender means "perhaps something". */
function listen(place: Place, onWord: (sender: string) => void): { close(): Promise<void> } {
  let isClosed = false
  let pauseMs = RECONNECT_FIRST_MS
  let timer: ReturnType<typeof setTimeout> | undefined
  let current: Client | undefined

  const again = (): void => {
    if (isClosed || timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      void connect()
    }, pauseMs)
    pauseMs = Math.min(pauseMs * 2, RECONNECT_MAX_MS)
  }

  async function hangUp(): Promise<void> {
    const client = current
    current = undefined
    await client?.end().catch(() => {})
  }

  async function connect(): Promise<void> {
    try {
      const client = await createClient(place)
      if (isClosed) return
      current = client
      client.on('error', () => {})
      // One that was given up for another says nothing any more.
      client.on('end', () => client === current && again())
      client.on('notification', ({ payload = '' }) => onWord(payload))
      await client.connect()
      await client.query(`LISTEN ${CHANNEL}`)
      pauseMs = RECONNECT_FIRST_MS
      onWord('')
    } catch {
      void hangUp()
      again()
    }
  }

  void connect()
  return {
    async close() {
      isClosed = true
      clearTimeout(timer)
      await hangUp()
    },
  }
}
