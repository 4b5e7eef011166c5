/** `drayage init`: a configuration to begin with, a fresh secret, and the commands that set the registry up. */

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { loadConfig } from '../config/load.ts'
import { formatProblem } from '../config/problem.ts'
import { parseImageReference, type ImageName } from '../domain/image.ts'
import { nearestWord } from '../domain/nearest.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { escapeForTerminal } from '../escape.ts'
import type { Command, ExitCode, Io } from './command.ts'
import { configOptions } from './config-options.ts'
import { CI_JOBS } from './init/ci.ts'
import { draftOf, type Draft, type Wish } from './init/draft.ts'
import type { Recipe } from './init/recipe.ts'
import { recipes } from './init/recipes.ts'
import { DEFAULT_CONFIG } from './load.ts'
import { printJson } from './output.ts'

const SECRET_BYTES = 32
/** The environment holds a secret: its owner alone may read it. */
const SECRET_MODE = 0o600
const URL_SHAPE = /^https?:\/\/(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?(?:\/[A-Za-z0-9._~-]+)*\/?$/u

const help = `
Writes a configuration to begin with and a fresh secret, and prints the commands that set the
registry up. Asks nobody and runs nothing.

Usage: drayage init REGISTRY-TYPE [options]
       drayage init webhook --ci SYSTEM

  REGISTRY-TYPE  ${[...recipes.keys()].join(', ')}
  --image IMAGE  what is followed, such as ghcr.io/acme/payments
  --url URL      where the registry reaches us (default https://drayage.example.com)
  --name NAME    the registry's name in the configuration (default: its type)
  --git REPO     where the wish is written: owner/name on GitHub, or any repository's URL
                 (default acme/gitops)
  --file PATH    the file in it that names the image
  --out FILE     default ${DEFAULT_CONFIG}; the secret goes beside it into FILE.env. Neither is
                 ever written over
  --json         {"config": FILE, "environment": FILE, "commands": TEXT}
  --ci SYSTEM    prints the job that sends the signed event: ${Object.keys(CI_JOBS).join(', ')}

The configuration observes: it decides and records, and touches nothing until its mode is act.
Exit code: 0 written, 1 not, 2 misuse.

Example:
  $ drayage init ghcr --image ghcr.io/acme/payments --url https://drayage.acme.example --git acme/gitops
`

const options = {
  image: { type: 'string' },
  url: { type: 'string' },
  name: { type: 'string' },
  git: { type: 'string' },
  file: { type: 'string' },
  out: { type: 'string' },
  ci: { type: 'string' },
  json: { type: 'boolean' },
} as const
type Values = { readonly [Name in Exclude<keyof typeof options, 'json'>]?: string | undefined }

export const command: Command = {
  name: 'init',
  summary: 'write a first configuration and the commands for a registry',
  help,
  run,
}

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  if (values.ci !== undefined) return printJob(values.ci, io)
  const wish = wishOf(positionals, values)
  if (!wish.ok) return misuse(io, wish.error)
  const draft = draftOf(wish.value, randomBytes(SECRET_BYTES))
  const loaded = await loadConfig(draft.config, { ...configOptions, path: wish.value.config })
  // What was asked for and cannot be, such as a branch's name in place of a repository's.
  if (!loaded.ok) return misuse(io, loaded.error.map((problem) => formatProblem(problem)).join('\n'))
  if (!(await writeDraft(wish.value, draft, io))) return 1
  const { config, environment } = wish.value
  if (values.json === true) printJson(io, { config, environment, commands: draft.commands }, true)
  else io.stdout(draft.commands)
  return 0
}

function printJob(system: string, io: Io): ExitCode {
  const job = Object.hasOwn(CI_JOBS, system) ? CI_JOBS[system] : undefined
  if (job === undefined) return misuse(io, `--ci: expected one of ${Object.keys(CI_JOBS).join(', ')}`)
  io.stdout(job.text)
  return 0
}

function wishOf(positionals: readonly string[], values: Values): Result<Wish, string> {
  const [type, ...others] = positionals
  const known = `one of ${[...recipes.keys()].join(', ')}`
  if (type === undefined || others.length > 0) return err(`expected one registry type, ${known}`)
  const recipe = recipes.get(type)
  if (recipe === undefined) {
    const nearest = nearestWord(type, [...recipes.keys()])
    return err(
      `expected ${known}; found ${JSON.stringify(type)}${nearest === null ? '' : `. Did you mean ${nearest}?`}`,
    )
  }
  const url = (values.url ?? 'https://drayage.example.com').replace(/\/$/u, '')
  if (!URL_SHAPE.test(url)) return err('--url: expected https://host, with a path where there is one')
  const image = imageOf(values.image, recipe)
  if (!image.ok) return image
  const config = values.out ?? DEFAULT_CONFIG
  const { name = type, git = 'acme/gitops', file = 'apps/payments/kustomization.yaml' } = values
  const environment = `${config.replace(/\.ya?ml$/u, '')}.env`
  return ok({ type, recipe, name, url, image: image.value, git, file, config, environment })
}

function imageOf(text: string | undefined, recipe: Recipe): Result<ImageName, string> {
  const image = parseImageReference(text ?? `${recipe.host}/${recipe.repository ?? 'acme/payments'}`)
  if (!image.ok) return err(`--image: expected ${image.error.expected}`)
  const { registry, repository, tag, digest } = image.value
  if (tag !== null || digest !== null) return err('--image: expected it without tag and digest: the filter chooses')
  return ok({ registry, repository })
}

/** Never over what is there: it may be somebody's configuration, or a secret that a registry holds. */
async function writeDraft({ config, environment }: Wish, draft: Draft, io: Io): Promise<boolean> {
  const there = [config, environment].find((path) => existsSync(path))
  if (there !== undefined) {
    io.stderr(
      `drayage init: ${escapeForTerminal(there)} is there already. Name another one with --out, or move it away.\n`,
    )
    return false
  }
  await writeFile(environment, draft.environment, { mode: SECRET_MODE, flag: 'wx' })
  await writeFile(config, draft.config, { flag: 'wx' })
  io.stderr(`wrote ${escapeForTerminal(config)}\n`)
  io.stderr(`wrote ${escapeForTerminal(environment)}: it holds a secret, keep it out of Git\n`)
  return true
}

function misuse(io: Io, message: string): ExitCode {
  io.stderr(`drayage init: ${escapeForTerminal(message)}\nTry: drayage init --help\n`)
  return 2
}
