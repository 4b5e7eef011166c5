/** The verbs of people have one shape: where, what, and why. Each is a file with its words. */

import { parseArgs } from 'node:util'
import type { Verb } from '../client.ts'
import type { Command, ExitCode, Io } from '../command.ts'
import { printJson } from '../output.ts'
import { ACT_HELP, reachOptions, reachToAct } from '../reach.ts'

export type Shape = {
  readonly summary: string
  readonly text: string
  /** `stage`: SUBSCRIPTION/STAGE; `scope`: that, a subscription, a stage of all of them (`/prod`), or nothing at all. */
  readonly place: 'stage' | 'scope'
  /** What comes after the place; absent: nothing. */
  readonly what?: 'CANDIDATE' | 'IMAGE'
  /** A flag that makes another verb of it, and what is said of that one. */
  readonly flag?: { readonly name: Verb; readonly text: string }
  readonly example: string
}

const options = { ...reachOptions, reason: { type: 'string' } } as const

export function createOperation(name: Verb, shape: Shape): Command {
  return { name, summary: shape.summary, help: helpOf(name, shape), run: (args, io) => run(name, shape, args, io) }
}

function usageOf({ place, what }: Shape): string {
  return `${place === 'stage' ? 'SUBSCRIPTION/STAGE' : '[SUBSCRIPTION][/STAGE]'}${what === undefined ? '' : ` ${what}`}`
}

function helpOf(name: string, shape: Shape): string {
  const whatHelp = {
    CANDIDATE: '\n  CANDIDATE       its digest, its tag, or the image as drayage status shows it',
    IMAGE: '\n  IMAGE           a tag, image:tag, or image:tag@sha256:…',
  }
  return `
${shape.text}

Usage: drayage ${name} ${usageOf(shape)} --reason TEXT${shape.flag === undefined ? '' : ` [--${shape.flag.name}]`} [--json]
${shape.what === undefined ? '' : whatHelp[shape.what]}
  --reason TEXT   stands in the history with your name
${shape.flag === undefined ? '' : `  --${shape.flag.name}   ${shape.flag.text}\n`}${ACT_HELP}

Exit code: 0 done, 1 refused or nothing to do, 2 misuse.

Example:
  $ ${shape.example}
`
}

async function run(name: Verb, shape: Shape, args: readonly string[], io: Io): Promise<ExitCode> {
  const { flag } = shape
  const flags = flag === undefined ? {} : { [flag.name]: { type: 'boolean' } as const }
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { ...options, ...flags },
    allowPositionals: true,
  })
  const verb = flag !== undefined && Object.hasOwn(values, flag.name) ? flag.name : name
  const body = bodyOf(shape, positionals, values.reason)
  if (body === null) {
    io.stderr(`drayage ${name}: expected ${usageOf(shape)} and --reason TEXT\nTry: drayage ${name} --help\n`)
    return 2
  }
  const answer = await (await reachToAct(values, io)).act(verb, body)
  printJson(io, answer, values.json ?? false)
  return 0
}

function bodyOf({ place, what }: Shape, positionals: readonly string[], reason: string | undefined): object | null {
  const [where = '', candidate, ...more] = positionals
  const [subscription = '', stage = '', ...rest] = where.split('/')
  const isWhole = subscription !== '' && stage !== ''
  const isPlaced = place === 'stage' ? isWhole : where === '' || stage !== '' || !where.includes('/')
  const isNamed = (what === undefined) === (candidate === undefined)
  if (reason === undefined || reason.trim() === '' || !isPlaced || !isNamed || more.length + rest.length > 0)
    return null
  return {
    reason,
    ...(subscription === '' ? {} : { subscription }),
    ...(stage === '' ? {} : { stage }),
    ...(candidate === undefined ? {} : { candidate }),
  }
}
