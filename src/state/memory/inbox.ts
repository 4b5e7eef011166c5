/** The inbox in memory, its events kept as text so that no value is shared. */

import type { InboxRow, WalkStep } from '../../domain/walk.ts'
import type { Inbox } from '../inbox.ts'
import { compareKeys, key } from '../key.ts'
import { boundedRows } from '../page.ts'
import { eventText, readable, readInboxRow, readWalkText, walkText } from '../stored.ts'

type StoredEvent = {
  readonly id: string
  readonly state: InboxRow['state']
  readonly due: number
  readonly received: number
  readonly attempts: number
  readonly accepted: string
  readonly walk: string
}

export function createMemoryInbox(): Inbox {
  /** In the order of arrival. */
  const rows = new Map<string, StoredEvent>()
  const waiting = () => [...rows.values()].filter(({ state }) => state === 'waiting')
  const read = (row: StoredEvent): InboxRow => readable(readInboxRow(row))
  const longer = (walk: string, steps: readonly WalkStep[]) => walkText([...readWalkText(walk), ...steps])
  return {
    async put(events) {
      const texts = events.map((event) => ({ event, accepted: eventText(event) }))
      return texts.map(({ event, accepted }) => {
        if (rows.has(event.id)) return 'duplicate'
        const { id, receivedAt } = event
        rows.set(id, { id, state: 'waiting', due: receivedAt, received: receivedAt, attempts: 0, accepted, walk: '[]' })
        return 'stored'
      })
    },
    async claim(limit, leaseMs, now) {
      const due = waiting().filter((row) => row.due <= now)
      const claimed = due.toSorted((a, b) => a.due - b.due).slice(0, boundedRows(limit))
      return claimed.map((row) => {
        const leased = { ...row, due: now + Math.max(1, leaseMs), attempts: row.attempts + 1 }
        rows.set(row.id, leased)
        return read(leased)
      })
    },
    async settle(id, settlement, walk) {
      const row = rows.get(id)
      if (row === undefined || row.state !== 'waiting') return
      const outcome =
        settlement.state === 'retry' ? { state: 'waiting' as const, due: settlement.at } : { state: settlement.state }
      rows.set(id, { ...row, ...outcome, walk: longer(row.walk, walk) })
    },
    async reopen(id, note, now) {
      const row = rows.get(id)
      if (row === undefined || row.state === 'waiting') return false
      rows.set(id, { ...row, state: 'waiting', due: now, attempts: 0, walk: longer(row.walk, [note]) })
      return true
    },
    async get(id) {
      const row = rows.get(id)
      return row === undefined ? null : read(row)
    },
    async list({ state, before, limit }) {
      const newer = before === undefined ? undefined : rows.get(before)
      if (before !== undefined && newer === undefined) return []
      return [...rows.values()]
        .filter((row) => (state === undefined || row.state === state) && (newer === undefined || byAge(row, newer) > 0))
        .toSorted(byAge)
        .slice(0, boundedRows(limit))
        .map(read)
    },
    async depth() {
      return waiting().length
    },
    async nextDue() {
      return waiting().reduce<number | null>((least, { due }) => (least === null ? due : Math.min(least, due)), null)
    },
    async prune(before) {
      const old = [...rows.values()].filter((row) => row.state !== 'waiting' && row.received < before)
      for (const { id } of old) rows.delete(id)
      return old.length
    },
  }
}

function byAge(a: StoredEvent, b: StoredEvent): number {
  return b.received - a.received || compareKeys(key(b.id), key(a.id))
}
