/** Google's own Pub/Sub emulator, where the machine has it, on a free port, and the few calls of its REST API that tests need. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { eventually, freePort } from './service.ts'

const START_TIMEOUT_MS = 60_000
const FOLDERS = [
  process.env['PUBSUB_EMULATOR'] ?? '',
  '/usr/lib/google-cloud-sdk/platform/pubsub-emulator/bin',
  ...(process.env['PATH'] ?? '')
    .split(':')
    .flatMap((folder) => [folder, join(folder, '../platform/pubsub-emulator/bin')]),
]

/** Null where it is not installed: tests skip visibly. */
export const pubsubEmulator =
  FOLDERS.map((folder) => join(folder, 'cloud-pubsub-emulator')).find((file) => isExecutable(file)) ?? null
export const withoutPubsub = pubsubEmulator === null ? ' (skipped: no cloud-pubsub-emulator)' : ''

export async function startPubsubEmulator() {
  const port = await freePort()
  // In a group of its own: it is a script around a Java process.
  const child: ChildProcess = spawn(pubsubEmulator ?? '', ['--host=127.0.0.1', `--port=${port}`], {
    stdio: 'ignore',
    detached: true,
  })
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const init =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const response = await fetch(`http://127.0.0.1:${port}/v1/${path}`, { method, ...init })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }
  const answers = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${port}/`).catch(() => null)) !== null
  await eventually('the emulator answers', answers, START_TIMEOUT_MS)
  return {
    createTopic: (topic: string) => call('PUT', topic),
    createSubscription: (name: string, topic: string, pushConfig: object) =>
      call('PUT', name, { topic, pushConfig, ackDeadlineSeconds: 10 }),
    async publish(topic: string, message: object, attributes: object = {}): Promise<void> {
      const data = Buffer.from(JSON.stringify(message)).toString('base64')
      await call('POST', `${topic}:publish`, { messages: [{ data, attributes }] })
    },
    async close(): Promise<void> {
      if (child.exitCode !== null || child.pid === undefined) return
      const closed = once(child, 'exit')
      process.kill(-child.pid, 'SIGKILL')
      await closed
    },
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
