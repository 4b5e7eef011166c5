/** Log lines: JSON for machines, one aligned line for a person at a terminal. One call is always one line. */

import { escapeForLogField, escapeForTerminal } from './escape.ts'
import type { Fields, Log } from './domain/log.ts'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type Level = (typeof LEVELS)[number]
const LEVEL_WIDTH = 5
const EVENT_WIDTH = 18

export type LogOptions = {
  /** Gets one line, its end included. */
  readonly write: (line: string) => void
  readonly now: () => number
  readonly level: Level
  readonly style: 'json' | 'terminal'
}

export function createLog({ write, now, level, style }: LogOptions): Log {
  const lowest = LEVELS.indexOf(level)
  const format = style === 'json' ? formatJson : formatForTerminal
  const at =
    (own: Level) =>
    (event: string, fields: Fields = {}): void => {
      if (LEVELS.indexOf(own) >= lowest) write(`${format(new Date(now()), own, event, fields)}\n`)
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

export function isLevel(text: string): text is Level {
  return LEVELS.some((level) => level === text)
}

function formatJson(time: Date, level: Level, event: string, fields: Fields): string {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined)
  const safe = known.map(([name, value]) => [name, typeof value === 'string' ? escapeForLogField(value) : value])
  const head = { time: time.toISOString(), level, event }
  // A field of the same name never hides what happened, or when.
  return JSON.stringify({ ...head, ...Object.fromEntries(safe), ...head })
}

function formatForTerminal(time: Date, level: Level, event: string, fields: Fields): string {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)
  const shown = known.map(([name, value]) => `${name}=${quote(escapeForTerminal(String(value)))}`)
  return `${time.toISOString().slice(11, 23)} ${level.padEnd(LEVEL_WIDTH)} ${event.padEnd(EVENT_WIDTH)} ${shown.join(' ')}`.trimEnd()
}

function quote(text: string): string {
  return /^[^\s"=]+$/u.test(text) ? text : JSON.stringify(text)
}
