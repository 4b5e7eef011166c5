/** The built Worker in workerd, from nothing to the first answer, against an empty hono in the same workerd. */

import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { compareStarts } from './first-answer.ts'
import type { Bench } from './row.ts'

const ROOT = new URL('../..', import.meta.url).pathname
/** It comes with wrangler, and says where its program for this machine is. */
const { default: WORKERD } = createRequire(import.meta.url)('workerd') as { default: string }
const EMPTY = `
  import { Hono } from 'hono'
  export default new Hono().get('/healthz', (context) => context.json({ status: 'ok' }))`

export const bench: Bench = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-first-'))
  const [ours, empty] = [join(folder, 'ours'), join(folder, 'empty')]
  try {
    const script = join(ROOT, 'scripts/build-cloudflare.ts')
    const config = join(ROOT, 'infra/cloudflare/drayage.yaml')
    execFileSync(process.execPath, [script, '--config', config, '--out', ours], { stdio: 'ignore' })
    await build({
      stdin: { contents: EMPTY, resolveDir: ROOT },
      outfile: join(empty, 'worker.js'),
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2024',
    })
    return [
      await compareStarts('Worker, start of workerd to first answer', '≤ 1.25', servedFrom(ours), servedFrom(empty)),
    ]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Every module of the folder is given to workerd, as a deployment does; what is not imported is not evaluated. */
function servedFrom(folder: string): (port: number) => readonly string[] {
  const modules = ['worker.js', ...globSync('*.js', { cwd: folder }).filter((file) => file !== 'worker.js')]
  return (port) => {
    const file = join(folder, `${port}.capnp`)
    const embedded = modules.map((name) => `(name = "${name}", esModule = embed "${name}")`)
    writeFileSync(
      file,
      `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const main :Workerd.Worker = (modules = [${embedded.join(', ')}], compatibilityDate = "2026-10-01");
`,
    )
    return [WORKERD, 'serve', file]
  }
}
