/** Sends notifications as CNCF Distribution does: in order, each again and again until it is taken. */

import { randomUUID } from 'node:crypto'
import { createHttp } from '../../clients/http.ts'
import type { Manifest } from './registry-store.ts'

const CONTENT_TYPE = 'application/vnd.docker.distribution.events.v2+json'
const RETRY_MS = 500
const ANSWER_BYTES_MAX = 64 * 1024

/** Asked at each attempt: who listens may start after the registry. */
export type Endpoint = { readonly url: string; readonly headers: Readonly<Record<string, string>> }
type Push = {
  readonly repository: string
  readonly manifest: Manifest
  readonly tag: string | null
  /** The address of the registry as the pusher named it, and as it is. */
  readonly requestHost: string
  readonly host: string
  readonly pusherAddress: string
  readonly userAgent: string
  readonly actor: string | null
}
export type Notifier = { notify(push: Push): void; stop(): void }

/** Holds its queue in memory, as the original does: what was not taken when it stops is lost. */
export function createNotifier(endpoint: Endpoint): Notifier {
  const http = createHttp({ fetch: (target, init) => fetch(target, init), now: Date.now, random: Math.random })
  const instanceID = randomUUID()
  const stopping = new AbortController()
  let queue = Promise.resolve()

  return {
    notify(push) {
      const body = JSON.stringify({ events: [eventOf(push, instanceID)] })
      queue = queue.then(() => deliver(body))
    },
    stop: () => stopping.abort(),
  }

  async function deliver(body: string): Promise<void> {
    while (!stopping.signal.aborted && !(await isTaken(body))) await pause()
  }

  async function isTaken(body: string): Promise<boolean> {
    const target = new URL(endpoint.url)
    const answer = await http({
      method: 'POST',
      url: target,
      hosts: [target.host],
      plainHttp: true,
      headers: { ...endpoint.headers, 'content-type': CONTENT_TYPE },
      body,
      limits: { bodyBytesMax: ANSWER_BYTES_MAX },
    }).catch(() => null)
    return answer !== null && answer.ok && answer.value.status >= 200 && answer.value.status < 300
  }

  async function pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, RETRY_MS)
      stopping.signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
    })
  }
}

function eventOf(push: Push, instanceID: string): object {
  const { repository, manifest, tag, host } = push
  const { digest, mediaType, bytes } = manifest
  return {
    id: randomUUID(),
    timestamp: new Date().toISOString(),
    action: 'push',
    target: {
      mediaType,
      size: bytes.length,
      digest,
      length: bytes.length,
      repository,
      url: `http://${push.requestHost}/v2/${repository}/manifests/${digest}`,
      ...(tag === null ? {} : { tag }),
    },
    request: {
      id: randomUUID(),
      addr: push.pusherAddress,
      host: push.requestHost,
      method: 'PUT',
      useragent: push.userAgent,
    },
    actor: push.actor === null ? {} : { name: push.actor },
    source: { addr: host, instanceID },
  }
}
