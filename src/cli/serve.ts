/** `drayage serve`: the service on this machine. */

import { parseArgs } from 'node:util'
import { startNode } from '../../handlers/node.ts'
import type { StateConfig } from '../domain/config.ts'
import type { Log } from '../domain/log.ts'
import { createLog, isLevel } from '../log.ts'
import type { Command, ExitCode, Io } from './command.ts'
import { DEFAULT_CONFIG, loadForUse } from './load.ts'
import { type LocalAccess, localPerson, newLocalToken, removeLocalAccess, writeLocalAccess } from './local-access.ts'

const help = `
Runs the service: receives registry events, decides, delivers, watches.

Usage: drayage serve [--config FILE] [--state FILE] [--log-level LEVEL] [--log-json]

  --config FILE      default ${DEFAULT_CONFIG}
  --state FILE       instead of server.state of the configuration
  --log-level LEVEL  debug, info (default), warn or error
  --log-json         JSON lines also on a terminal

Registries send their events to POST /hooks/<registry>[/<secret>] on server.listen; people
and scrapers reach /api/v1 and /metrics on server.api.listen. On this machine the other
commands find the service by themselves.

SIGTERM ends it in order; a second one does not wait for what is under way, which is then
taken up at the next start. Neither loses anything.

Exit code: 0 ended in order, 1 it cannot start (the reason is on standard error), 2 misuse.

Example:
  $ drayage serve --config drayage.yaml
`

const options = {
  config: { type: 'string' },
  state: { type: 'string' },
  'log-level': { type: 'string' },
  'log-json': { type: 'boolean' },
} as const

export const command: Command = { name: 'serve', summary: 'run the service', help, run }

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values } = parseArgs({ args: [...args], options })
  const level = values['log-level'] ?? 'info'
  if (!isLevel(level)) {
    io.stderr('drayage serve: expected --log-level debug, info, warn or error\n')
    return 2
  }
  const configured = await loadForUse(values.config ?? DEFAULT_CONFIG, io)
  if (configured === null) return 1
  const { config, hash } = configured
  const loaded = {
    ...configured,
    config: { ...config, server: { ...config.server, state: values.state ?? config.server.state } },
  }
  const style = io.isErrorTTY === true && values['log-json'] !== true ? 'terminal' : 'json'
  const log = createLog({ write: io.stderr, now: io.now, level, style })
  const local = { person: localPerson(), role: 'operator', token: newLocalToken() } as const
  const service = await startNode({ loaded, env: io.env, log, now: io.now, local })
  const { state } = loaded.config.server
  try {
    await tellThisMachine(state, { url: service.api, token: local.token }, log)
    const where = typeof state === 'string' ? state : state.postgres
    log.info('serving', { hooks: service.hooks, api: service.api, state: where, mode: config.mode, config: hash })
    for (const { name, stages } of config.subscriptions) {
      for (const { name: stage, verify } of stages) {
        if (verify === 'none') log.warn('unverified', { subscription: name, stage, verify })
      }
    }
    await untilAborted(io.signal)
    log.info('stopping')
  } finally {
    await removeLocalAccess(state)
    await service.stop()
  }
  log.info('stopped')
  return 0
}

/** The embedded store's folder can be written; a container with a database may have none that can. */
async function tellThisMachine(state: StateConfig, access: LocalAccess, log: Log): Promise<void> {
  try {
    await writeLocalAccess(state, access)
  } catch (error) {
    if (typeof state === 'string') throw error
    const detail = error instanceof Error ? error.message : 'unknown failure'
    log.warn('commands here need DRAYAGE_URL and DRAYAGE_TOKEN', { detail })
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
