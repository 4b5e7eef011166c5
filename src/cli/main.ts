#!/usr/bin/env node
/** The command line's front door: finds the command, gives it the process, and makes its answer the exit code. */

import process from 'node:process'
import manifest from '../../package.json' with { type: 'json' }
import { nearestWord } from '../domain/nearest.ts'
import type { Command, ExitCode, Io } from './command.ts'
import { createProcessIo } from './io.ts'

/** Loaded when asked for: a command pays for its own imports only. */
const commands: Readonly<Record<string, () => Promise<{ command: Command }>>> = {
  affected: () => import('./affected.ts'),
  approve: () => import('./approve.ts'),
  backup: () => import('./backup.ts'),
  check: () => import('./check.ts'),
  demo: () => import('./demo.ts'),
  doctor: () => import('./doctor.ts'),
  edit: () => import('./edit.ts'),
  explain: () => import('./explain.ts'),
  history: () => import('./history.ts'),
  init: () => import('./init.ts'),
  lift: () => import('./lift.ts'),
  'lint-tags': () => import('./lint-tags.ts'),
  pause: () => import('./pause.ts'),
  pin: () => import('./pin.ts'),
  promote: () => import('./promote.ts'),
  record: () => import('./record.ts'),
  reject: () => import('./reject.ts'),
  replay: () => import('./replay.ts'),
  report: () => import('./report.ts'),
  restore: () => import('./restore.ts'),
  resume: () => import('./resume.ts'),
  retry: () => import('./retry.ts'),
  rollback: () => import('./rollback.ts'),
  status: () => import('./status.ts'),
  receive: () => import('./receive.ts'),
  serve: () => import('./serve.ts'),
  tags: () => import('./tags.ts'),
  unpin: () => import('./unpin.ts'),
  trust: () => import('./trust.ts'),
  verify: () => import('./verify.ts'),
  'verify-bundle': () => import('./verify-bundle.ts'),
  wait: () => import('./wait.ts'),
}

process.exitCode = await main(process.argv.slice(2), createProcessIo())

async function main([name, ...args]: readonly string[], io: Io): Promise<ExitCode> {
  if (name === '--version' || name === '-V') return say(io, `${manifest.version}\n`)
  if (name === '--help' || name === '-h' || (name === 'help' && args.length === 0)) return say(io, await overview())
  if (name === undefined) return misuse(io, await overview())
  if (name === 'help') return main([args[0] ?? '', '--help'], io)
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (load === undefined) return misuse(io, unknown(name))
  const { command } = await load()
  if (asksForHelp(args)) return say(io, `${command.help.trim()}\n`)
  return perform(command, args, io)
}

async function perform(command: Command, args: readonly string[], io: Io): Promise<ExitCode> {
  try {
    return await command.run(args, io)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (isMisuse(error)) return misuse(io, `drayage ${command.name}: ${message}\nTry: drayage ${command.name} --help\n`)
    io.stderr(`drayage ${command.name}: ${io.signal.aborted ? 'interrupted' : message}\n`)
    return 1
  }
}

/** What `parseArgs` of node:util throws for an argument that it does not know. */
function isMisuse(error: unknown): boolean {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS_')
}

/** Only before `--`: what follows is the command's data. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return args.slice(0, end < 0 ? args.length : end).some((arg) => arg === '--help' || arg === '-h')
}

function unknown(name: string): string {
  const nearest = nearestWord(name, Object.keys(commands))
  const hint = nearest === null ? 'See: drayage --help' : `Did you mean: drayage ${nearest}`
  return `drayage: there is no command ${JSON.stringify(name)}. ${hint}\n`
}

async function overview(): Promise<string> {
  const loaded = await Promise.all(Object.values(commands).map((load) => load()))
  const lines = loaded.map(({ command }) => `  ${command.name.padEnd(10)} ${command.summary}`)
  return [
    'Drayage carries verified container images from your registry to your clusters.',
    '',
    'Usage: drayage <command> [options]',
    '',
    ...lines,
    '',
    'drayage <command> --help explains a command and gives an example.',
    'Exit codes: 0 fine, 1 no, 2 misuse. Only data goes to standard output.',
    '',
  ].join('\n')
}

function say(io: Io, text: string): ExitCode {
  io.stdout(text)
  return 0
}

function misuse(io: Io, text: string): ExitCode {
  io.stderr(text)
  return 2
}
