/** The HTTP edge with small programs behind its ports, all that it logged and counted, and a sender that speaks raw HTTP. */

import { connect } from 'node:net'
import { createApp, type AppOptions } from '../../src/app.ts'
import type { AcceptedEvent } from '../../src/domain/event.ts'
import type { Fields } from '../../src/domain/log.ts'
import type { Measurement } from '../../src/domain/measure.ts'
import { ok } from '../../src/domain/result.ts'
import { createLog } from '../../src/log.ts'
import type { Receiver } from '../../src/receivers/receiver.ts'
import { createMemoryState } from '../../src/state/memory.ts'
import { anAcceptedEvent, NOW } from './build.ts'

/** Takes everything as one authentic push, unless a test says otherwise. */
function aReceiver(receiver: Partial<Receiver> = {}): Receiver {
  return {
    sender: 'default',
    authenticate: async () => ok({ assurance: 'shared-secret', secret: 0 }),
    parse: () => ok({ outcome: 'events', events: [anAcceptedEvent().event] }),
    ...receiver,
  }
}

/** A receiver of the name `hub`, a memory store, and what was logged, counted and stored. */
export function aScene(options: Partial<AppOptions> & { readonly receiver?: Partial<Receiver> } = {}) {
  const { receiver, ...rest } = options
  const state = createMemoryState()
  const lines: string[] = []
  const measured: Measurement[] = []
  const stored: AcceptedEvent[] = []
  const receivers = new Map([['hub', aReceiver(receiver)]])
  const app = createApp({
    receivers: () => receivers,
    inbox: {
      put(events) {
        stored.push(...events)
        return state.inbox.put(events)
      },
    },
    onStored: () => {},
    unready: async () => [],
    now: () => NOW,
    log: createLog({ write: (line) => void lines.push(line), now: () => NOW, level: 'debug', style: 'json' }),
    measure: (measurement) => void measured.push(measurement),
    ...rest,
  })
  const log = (): readonly Fields[] => lines.map((line): Fields => JSON.parse(line) as Fields)
  const post = async (path = '/hooks/hub', init: RequestInit = {}): Promise<Response> =>
    app.request(path, {
      method: 'POST',
      body: '{}',
      ...init,
      headers: { 'content-type': 'application/json', ...(init.headers as Record<string, string> | undefined) },
    })
  return { app, post, lines, log, measured, stored, state }
}

/** A body that never ends by itself: `chunks` of `bytes` each. */
export function aStream(chunks: number, bytes: number, end?: Error): ReadableStream<Uint8Array> {
  let sent = 0
  return new ReadableStream({
    pull(controller) {
      if (sent < chunks) controller.enqueue(new Uint8Array(bytes))
      else if (end === undefined) controller.close()
      else controller.error(end)
      sent += 1
    },
  })
}

export type RawAnswer = { readonly status: number; readonly text: string; readonly ms: number }

/**
 * Sends bytes as they are and gives what came back until the peer closed, or had nothing to say for a while. Each further
 * part of `parts` is sent a moment after the one before.
 */
export function raw(url: string, parts: readonly string[], waitMs = 5_000): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  const started = performance.now()
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname)
    let text = ''
    const end = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/u.exec(text)?.[1] ?? 0), text, ms: performance.now() - started })
    }
    const timer = setTimeout(end, waitMs)
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
      // An answer with its whole body is enough, where the connection stays open.
      const length = /content-length: (\d+)/iu.exec(text)?.[1]
      const body = text.slice(text.indexOf('\r\n\r\n') + 4)
      if (length !== undefined && body.length >= Number(length)) end()
    })
    socket.on('close', end)
    socket.on('error', end)
    socket.on('connect', () => {
      for (const [index, part] of parts.entries()) setTimeout(() => socket.write(part, 'latin1'), index * 20)
    })
  })
}
