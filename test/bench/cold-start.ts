/** From nothing to the first answer: each Lambda function, and an empty hono of the same kind, in fresh processes by turns. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { functionUrlEvent } from '../helpers/lambda.ts'
import type { Bench, BenchRow } from './row.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const ROUNDS = 15
const ENV = {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'example',
  DRAYAGE_TABLE_DOCUMENTS: 'documents',
  DRAYAGE_TABLE_INBOX: 'inbox',
  DRAYAGE_TABLE_JOURNAL: 'journal',
  DRAYAGE_QUEUE_URL: 'http://127.0.0.1:9/queue',
}
/** `performance.now()` counts from the start of the process, so Node's own start is in it. */
const CHILD = `
  const [module, event] = process.argv.slice(1)
  const started = performance.now()
  import(module).then(async ({ handler }) => {
    const imported = performance.now()
    const { statusCode } = await handler(JSON.parse(event), { getRemainingTimeInMillis: () => 10000 })
    console.log(JSON.stringify({ statusCode, total: performance.now(), imported: imported - started }))
  })`
const EMPTY = `
  import { Hono } from 'hono'
  import { handle } from 'hono/aws-lambda'
  export const handler = handle(new Hono().get('/healthz', (context) => context.json({ status: 'ok' })))`

type Start = { readonly total: number; readonly imported: number }

export const bench: Bench = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-cold-'))
  try {
    const script = join(ROOT, 'scripts/build-aws.ts')
    const config = join(ROOT, 'infra/aws/drayage.yaml')
    execFileSync(process.execPath, [script, '--config', config, '--out', folder], { stdio: 'ignore' })
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
    return rowsOf(empty, folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function rowsOf(empty: string, folder: string): readonly BenchRow[] {
  const starts: Record<string, Start[]> = { empty: [], webhook: [], api: [] }
  for (let round = 0; round < ROUNDS; round += 1) {
    starts['empty']?.push(start(empty))
    for (const name of ['webhook', 'api']) starts[name]?.push(start(join(folder, `${name}.mjs`)))
  }
  const floor = median(starts['empty'] ?? [])
  return ['webhook', 'api'].map((name) => {
    const { total, imported } = median(starts[name] ?? [])
    return {
      name: `Lambda ${name}, start to first answer`,
      ratio: total / floor.total,
      aim: name === 'webhook' ? '≤ 1.25' : '-',
      detail: `${total.toFixed(0)} : ${floor.total.toFixed(0)} ms, of it import ${imported.toFixed(0)} : ${floor.imported.toFixed(0)} ms`,
    }
  })
}

function start(module: string): Start {
  const event = JSON.stringify(functionUrlEvent({ url: '/healthz', method: 'GET', headers: {} }, Buffer.alloc(0)))
  const output = execFileSync(process.execPath, ['--eval', CHILD, module, event], { env: ENV, encoding: 'utf8' })
  const { statusCode, ...times } = JSON.parse(output.trim().split('\n').at(-1) ?? '') as Start & { statusCode: number }
  if (statusCode !== 200) throw new Error(`expected 200 of ${module}, found ${statusCode}`)
  return times
}

function median(all: readonly Start[]): Start {
  const middle = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
  return { total: middle(all.map(({ total }) => total)), imported: middle(all.map(({ imported }) => imported)) }
}
