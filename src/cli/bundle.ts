/** The part of `drayage check` that is about where a configuration is deployed: `--platform`, `--bundle` and `--out`. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { formatBundle } from '../config/bundle.ts'
import { PLATFORMS, type Platform } from '../config/platform.ts'
import { formatProblem, type ConfigProblem } from '../config/problem.ts'
import type { LoadedConfig } from '../domain/config.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { escapeForTerminal } from '../escape.ts'
import type { ExitCode, Io } from './command.ts'

export const platformOptions = {
  platform: { type: 'string' },
  bundle: { type: 'boolean' },
  out: { type: 'string' },
} as const

type Given = {
  readonly platform?: string | undefined
  readonly bundle?: boolean | undefined
  readonly out?: string | undefined
}
type Bundling = { readonly platform: Platform; readonly out: string | null }
type Deployment = {
  /** For reading the configuration. */
  readonly load: { readonly platform?: Platform }
  /** Null: no bundle is asked for. */
  readonly bundle: Bundling | null
}

export function readDeployment({ platform: name, bundle = false, out }: Given): Result<Deployment, string> {
  const platform = PLATFORMS.find((known) => known === name)
  if (name !== undefined && platform === undefined) return err(`expected --platform ${PLATFORMS.join(', ')}`)
  if (!bundle && out !== undefined) return err('--out says where the bundle goes: add --bundle')
  if (!bundle) return ok({ load: platform === undefined ? {} : { platform }, bundle: null })
  const bundling = { platform: platform ?? 'node', out: out ?? null }
  return ok({ load: { platform: bundling.platform }, bundle: bundling })
}

/** Only data on stdout; what is wrong goes to stderr. */
export function printBundle(
  problems: readonly ConfigProblem[],
  loaded: LoadedConfig | null,
  { platform, out }: Bundling,
  io: Io,
): ExitCode {
  for (const problem of problems) io.stderr(`${escapeForTerminal(formatProblem(problem))}\n`)
  if (loaded === null) return 1
  const text = formatBundle(loaded, platform)
  if (out === null) {
    io.stdout(text)
    return 0
  }
  mkdirSync(dirname(out), { recursive: true })
  writeFileSync(out, text)
  io.stderr(`wrote ${escapeForTerminal(out)}: configuration ${loaded.hash.slice(0, 12)} for ${platform}\n`)
  return 0
}
