/** `drayage serve`: the service on this machine. */

import { userInfo } from 'node:os'
import { parseArgs } from 'node:util'
import { startNode } from '../../handlers/node.ts'
import { createLog, isLevel } from '../log.ts'
import type { Command, ExitCode, Io } from './command.ts'
import { DEFAULT_CONFIG, loadForUse } from './load.ts'
import { newLocalToken, removeLocalAccess, writeLocalAccess } from './local-access.ts'

const help = `
Runs the service: receives registry events, decides, delivers, watches.

Usage: drayage serve [--config FILE] [--state FILE] [--log-level LEVEL] [--log-json]

  --config FILE      default ${DEFAULT_CONFIG}
  --state FILE       instead of server.state of the configuration
  --log-level LEVEL  debug, info (default), warn or error
  --log-json         JSON lines also on a terminal

Registries send their events to POST /hooks/<registry>[/<secret>] on server.listen; people
and scrapers reach /api/v1 and /metrics on server.api.listen. On this machine the other
commands find the service by themselves. SIGTERM ends it in order: nothing is lost.

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
    hash,
    config: { ...config, server: { ...config.server, state: values.state ?? config.server.state } },
  }
  const style = io.isTTY && values['log-json'] !== true ? 'terminal' : 'json'
  const log = createLog({ write: io.stderr, now: io.now, level, style })
  const local = { person: userInfo().username, role: 'operator', token: newLocalToken() } as const
  const service = await startNode({ loaded, env: io.env, log, now: io.now, local })
  const { state } = loaded.config.server
  await writeLocalAccess(state, { url: service.api, token: local.token })
  log.info('serving', { hooks: service.hooks, api: service.api, state, mode: config.mode, config: hash })
  for (const { name, stages } of config.subscriptions) {
    for (const { name: stage, verify } of stages) log.warn('unverified', { subscription: name, stage, verify })
  }
  await untilAborted(io.signal)
  log.info('stopping')
  await service.stop()
  await removeLocalAccess(state)
  log.info('stopped')
  return 0
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
