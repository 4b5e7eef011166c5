/** The published package serving, from nothing to the first answer, against an empty hono on the same server. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { compareStarts } from './first-answer.ts'
import type { Bench } from './row.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const EMPTY = `
  import { serve } from '@hono/node-server'
  import { Hono } from 'hono'
  const app = new Hono().get('/healthz', (context) => context.json({ status: 'ok' }))
  serve({ fetch: app.fetch, port: Number(process.argv[2]), hostname: '127.0.0.1' })`

export const bench: Bench = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-first-'))
  try {
    execFileSync(process.execPath, [join(ROOT, 'scripts/build.ts'), join(folder, 'dist')], { stdio: 'ignore' })
    const empty = join(folder, 'empty.mjs')
    await build({
      stdin: { contents: EMPTY, resolveDir: ROOT },
      outfile: empty,
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'node',
      target: 'node24',
    })
    const ours = (port: number): readonly string[] => {
      const config = join(folder, `${port}.yaml`)
      const server = `{ listen: "127.0.0.1:${port}", api: { listen: "127.0.0.1:0" }, state: "${config}.db" }`
      writeFileSync(config, `version: 1\nserver: ${server}\n`)
      return [process.execPath, join(folder, 'dist/drayage.js'), 'serve', '--config', config, '--log-level', 'error']
    }
    const bare = (port: number): readonly string[] => [process.execPath, empty, String(port)]
    return [await compareStarts('Node service with its store, start to first answer', '-', ours, bare)]
  } finally {
    rmSync(folder, { recursive: true })
  }
}
