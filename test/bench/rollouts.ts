/** Whole rollouts, from a push in the inbox to a healthy workload, by one or several real processes on one store. */

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const WORKER = fileURLToPath(new URL('./rollouts-worker.ts', import.meta.url))

export type RolloutsOptions = {
  readonly kind: 'sqlite' | 'postgres' | 'dynamodb'
  /** A file, a URL, or a URL and tables as JSON: an empty store. */
  readonly place: string
  readonly processes: number
  readonly rollouts: number
}

/** `bytes`: of memory that the first process holds at the end, all its lines being healthy. */
export type RolloutFigures = { readonly perSecond: number; readonly saves: number; readonly bytes: number }

/** So many in a second. */
export async function rolloutsPerSecond(options: RolloutsOptions): Promise<number> {
  return (await measureRollouts(options)).perSecond
}

/** Throws where a delivery was lost or came twice: such a figure would say nothing. */
export async function measureRollouts({ kind, place, processes, rollouts }: RolloutsOptions): Promise<RolloutFigures> {
  const counts = { d: 0, h: 0 }
  let onHealthy = (): void => {}
  let onFigures = (_text: string): void => {}
  const workers = Array.from({ length: processes }, () =>
    startWorker([kind, place, String(rollouts)], (line) => {
      if (line.startsWith('figures ')) onFigures(line.slice('figures '.length))
      if (line !== 'd' && line !== 'h') return
      counts[line] += 1
      if (line === 'h') onHealthy()
    }),
  )
  try {
    await Promise.all(workers.map((worker) => worker.said('ready')))
    const [first] = workers
    first?.tell('fill')
    await first?.said('filled')
    const done = new Promise<void>((resolve) => {
      onHealthy = () => {
        if (counts.h === rollouts) resolve()
      }
    })
    const started = performance.now()
    for (const worker of workers) worker.tell('go')
    await done
    const seconds = (performance.now() - started) / 1_000
    if (counts.d !== rollouts) throw new Error(`${counts.d} deliveries for ${rollouts} rollouts: the run is void`)
    const figures = new Promise<string>((resolve) => (onFigures = resolve))
    first?.tell('figures')
    const { saves, bytes } = JSON.parse(await figures) as Pick<RolloutFigures, 'saves' | 'bytes'>
    return { perSecond: rollouts / seconds, saves: saves / rollouts, bytes }
  } finally {
    await Promise.all(workers.map((worker) => worker.end()))
  }
}

function startWorker(args: readonly string[], onLine: (line: string) => void) {
  const child = spawn(process.execPath, [WORKER, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const said = new Set<string>()
  const waiting = new Map<string, () => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    said.add(line)
    waiting.get(line)?.()
    onLine(line)
  })
  return {
    tell: (line: string): void => void child.stdin.write(`${line}\n`),
    said: (line: string): Promise<void> =>
      said.has(line) ? Promise.resolve() : new Promise((resolve) => waiting.set(line, resolve)),
    end: (): Promise<void> =>
      new Promise((resolve) => {
        child.on('close', () => resolve())
        child.stdin.end()
      }),
  }
}
