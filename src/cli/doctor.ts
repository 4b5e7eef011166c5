/** `drayage doctor`: whether everything that the configuration names is there, lets us in, and will go on doing so. */

import { parseArgs } from 'node:util'
import { createTools } from '../../handlers/node/tools.ts'
import { createWorld } from '../../handlers/node/world.ts'
import { escapeForTerminal } from '../escape.ts'
import { createLog } from '../log.ts'
import { createMemoryState } from '../state/memory.ts'
import type { Command, ExitCode, Io } from './command.ts'
import { look, type Finding } from './doctor/finding.ts'
import { looksAt } from './doctor/looks.ts'
import { DEFAULT_CONFIG, loadForUse } from './load.ts'
import { printJson } from './output.ts'

const LOOKS_AT_ONCE = 8

const help = `
Looks at everything that the configuration names, as the service would, and says what to do about
what is not well: secrets and the days until they expire, the clock, each registry and repository,
each file and workload that is delivered to, Slack, API tokens, and the way in. Changes nothing.

Usage: drayage doctor [--config FILE] [--url URL] [--json]

  --config FILE  default ${DEFAULT_CONFIG}
  --url URL      where registries reach the service, such as https://drayage.example.com: asked too
  --json         one line of JSON on standard output

Run it where the service runs, with its environment: elsewhere secrets and clusters are others.
Exit code: 0 all is well, or warnings only; 1 something is not; 2 misuse.

Example:
  $ drayage doctor --url https://drayage.example.com
`

const options = { config: { type: 'string' }, url: { type: 'string' }, json: { type: 'boolean' } } as const

export const command: Command = { name: 'doctor', summary: 'look at all that the configuration names', help, run }

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values } = parseArgs({ args: [...args], options })
  const url = values.url === undefined ? null : URL.parse(values.url)
  if (values.url !== undefined && (url === null || !/^https?:$/u.test(url.protocol))) {
    io.stderr('drayage doctor: expected --url https://host\nTry: drayage doctor --help\n')
    return 2
  }
  const loaded = await loadForUse(values.config ?? DEFAULT_CONFIG, io)
  if (loaded === null) return 1
  const log = createLog({ write: () => {}, now: io.now, level: 'error', style: 'json' })
  const tools = createTools({ env: io.env, log, now: io.now })
  const lasting = { ...createMemoryState(), wake: async () => {}, now: io.now, log, measure: tools.measure }
  const world = createWorld(loaded, tools, lasting)
  try {
    const { config } = loaded
    const { ports } = world
    const looks = looksAt({ ...tools, config, url, registries: ports.registries, outbound: ports })
    const findings: Finding[] = []
    for (let next = 0; next < looks.length && !io.signal.aborted; next += LOOKS_AT_ONCE) {
      const done = await Promise.all(looks.slice(next, next + LOOKS_AT_ONCE).map(look))
      for (const finding of done.flat()) {
        findings.push(finding)
        if (values.json !== true) io.stdout(`${tell(finding)}\n`)
      }
    }
    if (io.signal.aborted) throw new Error('interrupted')
    return conclude(findings, values.json === true, io)
  } finally {
    await world.close()
    await tools.close()
  }
}

const MARKS = { well: 'ok     ', warning: 'warning', problem: 'PROBLEM' } as const

function tell({ what, state, detail, remedy }: Finding): string {
  const hint = remedy === undefined ? '' : `\n         ${escapeForTerminal(remedy)}`
  return `${MARKS[state]} ${escapeForTerminal(what)}: ${escapeForTerminal(detail)}${hint}`
}

function conclude(findings: readonly Finding[], isJson: boolean, io: Io): ExitCode {
  const count = (state: Finding['state']): number => findings.filter((finding) => finding.state === state).length
  const summary = { well: count('well'), warnings: count('warning'), problems: count('problem') }
  if (isJson) printJson(io, { ...summary, findings }, true)
  else io.stdout(`${summary.well} well, ${summary.warnings} warnings, ${summary.problems} problems\n`)
  return summary.problems === 0 ? 0 : 1
}
