/** `drayage trust`: which trusted roots there are, how old they are, and the current one of a TUF repository. */

import { readFile, rename, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { createGuardedFetch } from '../clients/address-guard.ts'
import { createHttp } from '../clients/http.ts'
import { PUBLIC_GOOD, type TrustRoots } from '../domain/signer.ts'
import { escapeForTerminal } from '../escape.ts'
import { describeTrustRoot, type DescribedRoot } from '../verification/sigstore/describe.ts'
import type { Command, ExitCode, Io } from './command.ts'
import { loadForUse } from './load.ts'
import { printJson } from './output.ts'
import { fetchTrustedRoot, PUBLIC_GOOD_MIRROR } from './trust/update.ts'

const help = `
Shows the roots that signatures are proven by, and fetches current ones.

Usage: drayage trust show [--config FILE] [--file FILE] [--json]
       drayage trust update --out FILE [--mirror URL --root FILE]

  show             Sigstore's public-good root as it is compiled in, and those of a configuration
    --config FILE  its trust: section
    --file FILE    a trusted_root.json
  update           the current trusted_root.json of a TUF repository, each step of whose metadata
                   is signed; it is written when all of it holds. Name it under trust:
    --out FILE     where it is written
    --mirror URL   default ${PUBLIC_GOOD_MIRROR}
    --root FILE    the first root.json of another mirror, which you have by another way

The compiled-in root proves nothing after its time: a new version of Drayage has a newer one,
and "update" fetches it now. Exit code: 0 fine, 1 one is stale or cannot be had, 2 misuse.

Example:
  $ drayage trust update --out trusted_root.json
  $ drayage trust show --file trusted_root.json
`

const options = {
  config: { type: 'string' },
  file: { type: 'string' },
  out: { type: 'string' },
  mirror: { type: 'string' },
  root: { type: 'string' },
  json: { type: 'boolean' },
} as const

export const command: Command = { name: 'trust', summary: 'show and update trusted roots', help, run }

type Values = ReturnType<typeof parse>['values']

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options, allowPositionals: true })
}

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args)
  const [what, ...others] = positionals
  if (what === 'show' && others.length === 0) return show(values, io)
  if (what === 'update' && others.length === 0) return update(values, io)
  return misuse(io, 'expected show or update')
}

async function show(values: Values, io: Io): Promise<ExitCode> {
  const roots = await rootsOf(values, io)
  if (roots === null) return 1
  const described = Object.entries(roots).map(([name, root]) => ({ name, ...describeTrustRoot(root, io.now()) }))
  if (values.json === true) printJson(io, described, true)
  else for (const one of described) io.stdout(`${tell(one)}\n`)
  return described.every(({ problem }) => problem === null) ? 0 : 1
}

async function rootsOf({ config, file }: Values, io: Io): Promise<TrustRoots | null> {
  if (file !== undefined) {
    return { [file]: { kind: 'custom', json: await readFile(file, 'utf8'), require: PUBLIC_GOOD.require } }
  }
  if (config === undefined) return { 'public-good': PUBLIC_GOOD }
  return (await loadForUse(config, io))?.config.trust ?? null
}

function tell({ name, source, require, staleAt, problem, parts }: DescribedRoot & { readonly name: string }): string {
  const until = staleAt === null ? 'as long as it is configured' : `until ${day(staleAt)}`
  const head = `${name}: ${source}, ${until}; demands ${require.log} log, ${require.sct} certificate log, ${require.timestamp} timestamp`
  const lines = parts.map(({ kind, name: part, from, to }) => {
    return `  ${kind.padEnd(21)} ${part}  ${day(from)} – ${to === null ? '' : day(to)}`.trimEnd()
  })
  const all = [head, ...lines, ...(problem === null ? [] : [`  problem: ${problem}`])]
  return all.map(escapeForTerminal).join('\n')
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

async function update(values: Values, io: Io): Promise<ExitCode> {
  const { out, mirror = PUBLIC_GOOD_MIRROR, root } = values
  const url = URL.parse(mirror)
  if (out === undefined) return misuse(io, 'expected --out FILE')
  if (url === null || !/^https?:$/u.test(url.protocol)) return misuse(io, 'expected --mirror with a URL')
  const http = createHttp({ fetch: createGuardedFetch(), now: () => io.now(), random: Math.random })
  const fetched = await fetchTrustedRoot(http, { mirror: url, root: root === undefined ? null : await readFile(root) })
  if (!fetched.ok) return no(io, fetched.error)
  const { json, expires, version } = fetched.value
  const { problem } = describeTrustRoot({ kind: 'custom', json, require: PUBLIC_GOOD.require }, io.now())
  if (problem !== null) return no(io, problem)
  // Whole or not at all: a service may read it meanwhile.
  await writeFile(`${out}.new`, json)
  await rename(`${out}.new`, out)
  io.stdout(`${escapeForTerminal(out)}: root ${version} of ${url.host}, good until ${day(expires)}\n`)
  return 0
}

function no(io: Io, message: string): ExitCode {
  io.stderr(`drayage trust: ${escapeForTerminal(message)}\n`)
  return 1
}

function misuse(io: Io, message: string): ExitCode {
  io.stderr(`drayage trust: ${escapeForTerminal(message)}\nTry: drayage trust --help\n`)
  return 2
}
