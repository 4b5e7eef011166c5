/** `drayage check --against REF`: what the working tree's configuration would change, compared with a commit of its repository. */

import { execFile } from 'node:child_process'
import { basename, dirname, join, matchesGlob, resolve } from 'node:path'
import { promisify } from 'node:util'
import { compareConfigs, type Change } from '../config/compare.ts'
import { loadConfig } from '../config/load.ts'
import { loadFollowed } from '../config/followed.ts'
import type { ConfigFile, Include } from '../config/include.ts'
import type { Config } from '../domain/config.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { escapeForTerminal } from '../escape.ts'
import { createClient } from './client.ts'
import type { Io } from './command.ts'
import { configOptions } from './config-options.ts'

const run = promisify(execFile)
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024

export type Against = { readonly changes: readonly Change[]; readonly underWay: readonly string[] }

export type After = {
  readonly file: string
  readonly config: Config
  /** What the file is added to, now as then. Null: it is the whole. */
  readonly first: readonly ConfigFile[] | null
}

/** What changes, and (where `DRAYAGE_URL` names a service) what is under way at the stages that it touches. */
export async function against(ref: string, after: After, io: Io): Promise<Result<Against, string>> {
  const before = await configAt(ref, after)
  if (!before.ok) return before
  const changes = compareConfigs(before.value, after.config)
  return ok({ changes, underWay: await underWayAt(changes, io) })
}

export function tellAgainst(ref: string, { changes, underWay }: Against): string {
  const lines = changes.map(
    ({ kind, where, detail, weakens }) => `${weakens ? 'WEAKENS ' : ''}${kind} ${where}: ${detail}`,
  )
  const all = changes.length === 0 ? [`nothing changes against ${ref}`] : [...lines, ...underWay]
  return all.map((line) => `${escapeForTerminal(line)}\n`).join('')
}

async function configAt(ref: string, { file, first }: After): Promise<Result<Config, string>> {
  const folder = dirname(resolve(file))
  const show = async (path: string): Promise<string> => git(folder, 'show', '--end-of-options', `${ref}:./${path}`)
  const include: Include = async (pattern) => {
    const names = (await git(folder, 'ls-tree', '-r', '--name-only', '--end-of-options', ref))
      .split('\n')
      .filter((name) => matchesGlob(name, pattern))
    return ok(
      await Promise.all(names.map(async (name) => ({ path: join(dirname(file), name), text: await show(name) }))),
    )
  }
  try {
    const [text, path] = [await show(basename(file)), `${ref}:${file}`]
    const loaded =
      first === null
        ? await loadConfig(text, { ...configOptions, path, include })
        : await loadFollowed(first, { path, text, include }, configOptions)
    return loaded.ok
      ? ok(loaded.value.loaded.config)
      : err(`${ref} holds a configuration with errors: ${loaded.error[0]?.message ?? ''}`)
  } catch (error) {
    return err(
      `${file} cannot be read at ${ref}: ${error instanceof Error ? (error.message.split('\n')[1] ?? error.message) : ''}`,
    )
  }
}

async function git(folder: string, ...args: readonly string[]): Promise<string> {
  return (await run('git', [...args], { cwd: folder, maxBuffer: OUTPUT_BYTES_MAX })).stdout
}

async function underWayAt(changes: readonly Change[], io: Io): Promise<readonly string[]> {
  const [url, token] = [io.env['DRAYAGE_URL'], io.env['DRAYAGE_TOKEN']]
  if (url === undefined || token === undefined || changes.length === 0) return []
  const { subscriptions } = await createClient({ url, token }).status({})
  return subscriptions.flatMap(({ subscription, stages }) =>
    stages.flatMap(({ stage, promotion, waits }) => {
      const isTouched = changes.some(
        ({ where }) => where === subscription || where === `${subscription}/${stage}` || where === 'mode',
      )
      if (promotion === null || !isTouched) return []
      return [
        `under way at ${subscription}/${stage}: ${promotion.image}${waits.length === 0 ? '' : ` (${waits.join('; ')})`}; it is decided anew`,
      ]
    }),
  )
}
