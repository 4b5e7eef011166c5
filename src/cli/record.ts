/** `drayage record`: a receiver's next real delivery as a fixture, without secrets and people. */

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { isHmacByNode } from '../../handlers/hmac.ts'
import { listen, nodeEdge } from '../../handlers/listen.ts'
import { createApp } from '../app.ts'
import { createGuardedFetch } from '../clients/address-guard.ts'
import { createHttp } from '../clients/http.ts'
import { readSecretFile } from '../config/files.ts'
import { createSecrets } from '../config/secrets.ts'
import type { RegistryConfig } from '../domain/config.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { RetryLater } from '../domain/retry.ts'
import { SecretReference } from '../domain/secret.ts'
import { escapeForTerminal } from '../escape.ts'
import { createLog } from '../log.ts'
import { receiverTypes } from '../receivers/index.ts'
import { outcomeOf, type Outcome } from '../receivers/outcome.ts'
import type { Receiver, ReceiverRequest, ReceiverType, SecretOf } from '../receivers/receiver.ts'
import type { Command, ExitCode, Io } from './command.ts'
import { DEFAULT_CONFIG, loadForUse } from './load.ts'
import { printJson } from './output.ts'
import { redactBody, redactHeaders } from './record/redact.ts'

const SECONDS_MAX = 7 * 24 * 3600

const help = `
Waits in place of the service for a receiver's next real delivery and writes it as a fixture:
request.json, body.json and expected.json, as the tests in test/fixtures/receivers have them.
The sender must prove itself as always. Of the headers only those are kept that a parser reads;
secrets, e-mail addresses and network addresses are taken out of the body. Read it all the same
before you give it away.

Usage: drayage record [REGISTRY] [options]

  REGISTRY          its name in the configuration; may be left out where there is one alone
  --config FILE     default ${DEFAULT_CONFIG}
  --listen ADDRESS  instead of server.listen: stop the service first, or choose another port
  --out FOLDER      default <type of the receiver>-recorded; refused where it is there
  --source URL      where such a delivery is described, for request.json
  --seconds N       give up after so long
  --json            {"folder", "outcome"}

Nothing is kept for the service: an event is answered 503, so that a sender that repeats sends
it again, to the service. Pings and handshakes are answered and waited past.
Exit code: 0 written, 1 nothing came, 2 misuse.

Example:
  $ drayage record ghcr --source https://docs.github.com/en/webhooks/webhook-events-and-payloads
`

const options = {
  config: { type: 'string' },
  listen: { type: 'string' },
  out: { type: 'string' },
  source: { type: 'string' },
  seconds: { type: 'string' },
  json: { type: 'boolean' },
} as const

export const command: Command = { name: 'record', summary: "write a receiver's next delivery as a fixture", help, run }

type Source = { readonly name: string; readonly registry: RegistryConfig; readonly type: ReceiverType }
/** Authentic, and not yet answered. */
type Taken = (request: ReceiverRequest, outcome: Outcome) => void

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const seconds = Number(values.seconds ?? SECONDS_MAX)
  if (!(seconds > 0 && seconds <= SECONDS_MAX)) return misuse(io, `--seconds: expected 1 to ${SECONDS_MAX}`)
  if (values.source !== undefined && !/^https:\/\/\S+$/u.test(values.source))
    return misuse(io, '--source: expected https://…')
  const loaded = await loadForUse(values.config ?? DEFAULT_CONFIG, io)
  if (loaded === null) return 1
  const source = sourceOf(loaded.config.registries, positionals)
  if (!source.ok) return misuse(io, source.error)
  const secretOf = createSecrets({ env: io.env, readFile: readSecretFile, now: () => io.now() })
  const request = await next(source.value, {
    secretOf,
    listen: values.listen ?? loaded.config.server.listen,
    seconds,
    io,
  })
  if (request === null) {
    io.stderr(`nothing came\n`)
    return 1
  }
  const folder = values.out ?? `${source.value.type.type}-recorded`
  const secrets = await secretsOf(source.value.registry, secretOf)
  const outcome = await write(folder, { request, secrets, source: values.source, type: source.value.type }, io)
  if (values.json === true) printJson(io, { folder, outcome }, true)
  else io.stdout(`${escapeForTerminal(folder)}\n`)
  return 0
}

function sourceOf(
  registries: Readonly<Record<string, RegistryConfig>>,
  names: readonly string[],
): Result<Source, string> {
  const known = Object.entries(registries).filter(([, { events }]) => events !== undefined)
  const [asked, ...others] = names
  const chosen = asked === undefined ? known : known.filter(([name]) => name === asked)
  const [one, ...more] = chosen
  if (one === undefined || more.length > 0 || others.length > 0) {
    return err(`expected one registry that has events: ${known.map(([name]) => name).join(', ') || 'there is none'}`)
  }
  const [name, registry] = one
  const type = receiverTypes.get(registry.events?.type ?? '')
  return type === undefined
    ? err(`there is no receiver of type ${registry.events?.type}`)
    : ok({ name, registry, type })
}

type Wait = { readonly secretOf: SecretOf; readonly listen: string; readonly seconds: number; readonly io: Io }

/** Through the service's own edge and receiver. Null where the time is over, or a person ends it. */
async function next(
  { name, registry, type }: Source,
  { secretOf, listen: address, seconds, io }: Wait,
): Promise<ReceiverRequest | null> {
  const { promise, resolve } = Promise.withResolvers<ReceiverRequest | null>()
  const http = createHttp({ fetch: createGuardedFetch(), now: () => io.now(), random: Math.random })
  const receiver = type.create(type.Settings.parse(registry.events), secretOf, http, registry.host)
  const heard = watched(receiver, (request, { outcome }) => {
    if (outcome !== 'ping' && outcome !== 'validation') resolve(request)
  })
  const app = createApp({
    receivers: () => new Map([[name, heard]]),
    // Durable before acknowledged: here nothing is kept, so nothing is acknowledged.
    inbox: { put: () => Promise.reject(new RetryLater('this delivery is recorded and not kept: send it again')) },
    onStored: () => {},
    unready: async () => [],
    now: () => io.now(),
    log: createLog({
      write: io.stderr,
      now: io.now,
      level: 'warn',
      style: io.isErrorTTY === true ? 'terminal' : 'json',
    }),
    measure: () => {},
    edge: nodeEdge,
    isHmac: isHmacByNode,
  })
  const listening = await listen(app, address)
  io.stderr(`waiting for a delivery at ${listening.url}/hooks/${name}\n`)
  const timeout = setTimeout(() => resolve(null), seconds * 1000)
  const stop = (): void => resolve(null)
  io.signal.addEventListener('abort', stop, { once: true })
  if (io.signal.aborted) stop()
  try {
    return await promise
  } finally {
    clearTimeout(timeout)
    io.signal.removeEventListener('abort', stop)
    await listening.close()
  }
}

/** The same receiver, and somebody who looks on. */
function watched(receiver: Receiver, taken: Taken): Receiver {
  return {
    ...receiver,
    parse(request, context) {
      const result = receiver.parse(request, context)
      taken(request, outcomeOf(result))
      return result
    },
  }
}

/** Every value that its settings refer to, in force now. */
async function secretsOf({ events }: RegistryConfig, secretOf: SecretOf): Promise<readonly string[]> {
  const values = referencesIn(events).map((reference) => secretOf(reference)().catch(() => []))
  return (await Promise.all(values)).flat()
}

function referencesIn(node: unknown): readonly SecretReference[] {
  if (typeof node === 'object' && node !== null) return Object.values(node).flatMap((value) => referencesIn(value))
  const reference = SecretReference.safeParse(node)
  return reference.success ? [reference.data] : []
}

type Recorded = {
  readonly request: ReceiverRequest
  readonly secrets: readonly string[]
  readonly source: string | undefined
  readonly type: ReceiverType
}

async function write(folder: string, { request, secrets, source, type }: Recorded, io: Io): Promise<Outcome> {
  const headers = redactHeaders(request.headers)
  const text = redactBody(request.body, secrets)
  const context = { now: io.now() }
  const kept = {
    ...request,
    headers: new Map(Object.entries(headers).map(([key, value]) => [key, [value]])),
    body: new TextEncoder().encode(text),
  }
  const expected = outcomeOf(type.parse(kept, context))
  if (!isDeepStrictEqual(expected, outcomeOf(type.parse(request, context)))) {
    io.stderr('without what was taken out, it is read otherwise: compare expected.json with what you know\n')
  }
  await mkdir(folder)
  const files = { 'request.json': { source: source ?? 'https://…', headers }, 'expected.json': expected }
  for (const [file, content] of Object.entries(files)) {
    await writeFile(join(folder, file), `${JSON.stringify(content, null, 2)}\n`)
  }
  await writeFile(join(folder, 'body.json'), text)
  if (source === undefined) io.stderr('request.json: write down where such a delivery is described\n')
  return expected
}

function misuse(io: Io, message: string): ExitCode {
  io.stderr(`drayage record: ${escapeForTerminal(message)}\nTry: drayage record --help\n`)
  return 2
}
