/** `drayage receive`: tries a request's body on a receiver, before anybody points a registry at us. */

import { parseArgs } from 'node:util'
import { createGuardedFetch } from '../clients/address-guard.ts'
import { createHttp } from '../clients/http.ts'
import { readSecretFile } from '../config/files.ts'
import { createSecrets } from '../config/secrets.ts'
import type { Config, RegistryConfig } from '../domain/config.ts'
import type { Registry } from '../domain/image.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { escapeForTerminal } from '../escape.ts'
import { receiverTypes } from '../receivers/index.ts'
import { outcomeOf, type Outcome } from '../receivers/outcome.ts'
import { receive, type Received, type ReceiverRequest, type ReceiverType, type Refusal } from '../receivers/receiver.ts'
import type { Command, ExitCode, Io } from './command.ts'
import { loadForUse } from './load.ts'
import { printJson } from './output.ts'

const help = `
Tries a request on a receiver and shows what becomes of it. Touches nothing.

Usage: drayage receive RECEIVER-TYPE [options] < body

  RECEIVER-TYPE       ${[...receiverTypes.keys()].join(', ')}
  --config FILE       check the sender too, with the secrets of this configuration
  --registry NAME     which of its registries, where several have this type
  --header 'K: V'     a header of the request; may be given again
  --query Q           what stands behind the question mark of the URL
  --path-secret S     what stands behind /hooks/<registry>/
  --parse-only        with --config: skip the check of the sender
  --json              on one line, also on a terminal

Prints {"outcome": "events", "ping", "validation", "ignored" or "refused", "reason"?, "reply"?,
"events": [{"kind": "push", "delete", "scan", "signature" or "attestation", "registry",
"repository", "tag", "digest", "mediaType", …}]}, null where the payload does not say.
Without --config nobody is asked for a secret, and "registry" is what the payload claims.
Exit code: 0 taken, 1 refused, 2 misuse.

Example:
  $ drayage receive webhook <<< '{"type":"image.pushed","data":{"image":"ghcr.io/acme/payments:1.4.2"}}'
  {"outcome":"events","events":[{"kind":"push","registry":"ghcr.io","repository":"acme/payments","tag":"1.4.2",…}]}
`

const options = {
  config: { type: 'string' },
  registry: { type: 'string' },
  header: { type: 'string', multiple: true },
  query: { type: 'string' },
  'path-secret': { type: 'string' },
  'parse-only': { type: 'boolean' },
  json: { type: 'boolean' },
} as const

/** `null`: nothing to check the sender against. */
type Trial = { readonly type: ReceiverType; readonly registry: RegistryConfig | null; readonly isParsedOnly: boolean }
type Taken = Result<Received, Refusal>

export const command: Command = { name: 'receive', summary: "try a registry's request on a receiver", help, run }

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const type = typeOf(positionals)
  if (!type.ok) return misuse(io, type.error)
  const headers = headersOf(values.header ?? [])
  if (!headers.ok) return misuse(io, headers.error)
  if (values.registry !== undefined && values.config === undefined)
    return misuse(io, 'expected --config with --registry')
  const config = values.config === undefined ? null : await loadForUse(values.config, io)
  if (config === null && values.config !== undefined) return 1
  const registry = config === null ? ok(null) : registryOf(config.config, type.value, values.registry)
  if (!registry.ok) return misuse(io, registry.error)
  const trial = { type: type.value, registry: registry.value, isParsedOnly: values['parse-only'] ?? false }
  const query = new URLSearchParams(values.query ?? '')
  const pathSecret = values['path-secret'] ?? null
  const taken = await take(
    trial,
    { method: 'POST', headers: headers.value, query, pathSecret, body: await io.stdin() },
    io,
  )
  explain(io, taken)
  printJson(io, answerOf(taken, trial.registry?.host ?? null), values.json ?? false)
  return taken.ok ? 0 : 1
}

async function take({ type, registry, isParsedOnly }: Trial, request: ReceiverRequest, io: Io): Promise<Taken> {
  const context = { now: io.now() }
  if (registry === null || isParsedOnly) {
    io.stderr(
      `not authenticated: ${isParsedOnly ? 'as asked by --parse-only' : 'without --config there is no secret'}\n`,
    )
    return type.parse(request, context)
  }
  const secretOf = createSecrets({ env: io.env, readFile: readSecretFile, now: () => io.now() })
  const http = createHttp({ fetch: createGuardedFetch(), now: () => io.now(), random: Math.random })
  const receiver = type.create(type.Settings.parse(registry.events), secretOf, http, registry.host)
  const taken = await receive(receiver, request, context)
  if (!taken.ok) return taken
  io.stderr(`authenticated: ${taken.value.assurance}${taken.value.secret === 1 ? ', with the previous secret' : ''}\n`)
  return ok(taken.value.received)
}

/** The host is the configuration's, where it names one: a payload's claim is only compared with it. */
function answerOf(taken: Taken, host: Registry | null): Outcome {
  const answer = outcomeOf(taken)
  const events = answer.events.map(({ kind, registry, repository, tag, digest, mediaType, ...rest }) => {
    const image = { registry: host ?? registry, repository, tag, digest, mediaType }
    return { kind, ...image, ...rest }
  })
  return { ...answer, events }
}

/** What the data has no place for: why, in words, and what came along and was passed over. */
function explain(io: Io, taken: Taken): void {
  if (!taken.ok) {
    io.stderr(`${taken.error.reason}: ${escapeForTerminal(taken.error.detail)}\n`)
    return
  }
  const skipped = 'skipped' in taken.value ? (taken.value.skipped ?? []) : []
  for (const { index, reason, detail } of skipped) {
    io.stderr(`event ${index} passed over, ${reason}: ${escapeForTerminal(detail)}\n`)
  }
}

function typeOf(positionals: readonly string[]): Result<ReceiverType, string> {
  const [name, ...others] = positionals
  const known = `one of ${[...receiverTypes.keys()].join(', ')}`
  if (name === undefined || others.length > 0) return err(`expected one receiver type, ${known}`)
  const type = receiverTypes.get(name)
  return type === undefined ? err(`expected a receiver type, ${known}; found ${JSON.stringify(name)}`) : ok(type)
}

/** As it came over the wire: names in lower case, a repeated one with all its values. */
function headersOf(lines: readonly string[]): Result<ReadonlyMap<string, readonly string[]>, string> {
  const headers = new Map<string, readonly string[]>()
  for (const line of lines) {
    const { name, value } = /^(?<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+):(?<value>.*)$/su.exec(line)?.groups ?? {}
    if (name === undefined || value === undefined) return err("--header: expected 'Name: value'")
    const key = name.toLowerCase()
    headers.set(key, [...(headers.get(key) ?? []), value.trim()])
  }
  return ok(headers)
}

function registryOf(config: Config, type: ReceiverType, name: string | undefined): Result<RegistryConfig, string> {
  const ofType = Object.entries(config.registries).filter(([, { events }]) => events?.type === type.type)
  const names = ofType.map(([name]) => name).join(', ')
  if (ofType.length === 0) return err(`no entry of registries: has events of type ${type.type}`)
  const chosen = name === undefined ? ofType : ofType.filter(([own]) => own === name)
  const [entry, ...others] = chosen
  if (entry === undefined || others.length > 0) return err(`expected --registry with one of ${names}`)
  return ok(entry[1])
}

function misuse(io: Io, message: string): ExitCode {
  io.stderr(`drayage receive: ${escapeForTerminal(message)}\nTry: drayage receive --help\n`)
  return 2
}
