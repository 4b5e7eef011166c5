/** Data for standard output. */

import type { Io } from './command.ts'

const INDENT_SPACES = 2

/**
 * One line for machines, indented for a person. Only ASCII leaves us: JSON keeps C1 controls and text that reorders itself as they are,
 * and a terminal would obey them.
 */
export function printJson(io: Io, value: unknown, isForMachine: boolean): void {
  const json = JSON.stringify(value, null, io.isTTY && !isForMachine ? INDENT_SPACES : 0)
  io.stdout(`${json.replaceAll(/[\u007f-\uffff]/gu, escapeCharacter)}\n`)
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
