/** The Worker as it is deployed, built and run in workerd with everything that it is bound to; nothing leaves this machine. */

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createTestHarness, experimental_readRawConfig, type TestHarnessOptions } from 'wrangler'

const ROOT = new URL('../..', import.meta.url).pathname
const INFRA = join(ROOT, 'infra/cloudflare')
/** The schedule is asked for by the platform, each minute; here more often. */
const SCHEDULE_MS = 1_000

process.env['WRANGLER_SEND_METRICS'] = 'false'
process.env['WRANGLER_LOG'] = 'error'
process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false'

export type WorkerOptions = {
  readonly config: Readonly<Record<string, unknown>>
  readonly secrets: Readonly<Record<string, string>>
  /** Beside `drayage.yaml`, by name. */
  readonly files?: Readonly<Record<string, string>>
  /** In place of the handler: one that wraps it. */
  readonly entry?: string
  /** Other Workers that it is bound to, by binding: their modules. On the platform, Workers VPC services. */
  readonly services?: Readonly<Record<string, string>>
  /** Not secret, as `vars` of `wrangler.jsonc`. */
  readonly vars?: Readonly<Record<string, string>>
  /** False: nobody asks for the sweep. */
  readonly schedule?: boolean
}
export type Worker = Awaited<ReturnType<typeof startWorker>>

export async function startWorker(options: WorkerOptions) {
  const { config, files = {}, entry, schedule: isScheduled = true } = options
  const folder = mkdtempSync(join(tmpdir(), 'drayage-worker-'))
  const yaml = join(folder, 'drayage.yaml')
  writeFileSync(yaml, JSON.stringify(config))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const out = join(folder, 'out')
  const script = join(ROOT, 'scripts/build-cloudflare.ts')
  const wrapped = entry === undefined ? [] : ['--entry', entry]
  await promisify(execFile)(process.execPath, [script, '--config', yaml, '--out', out, ...wrapped])
  const server = createTestHarness(optionsOf(folder, options))
  let { url } = await server.listen()
  await server.getWorker().applyD1Migrations('DB')
  let ticking: Promise<unknown> = Promise.resolve()
  const schedule = (): NodeJS.Timeout =>
    setInterval(() => {
      if (!isScheduled) return
      ticking = ticking.then(() => server.getWorker().scheduled({ cron: '* * * * *' })).catch(() => {})
    }, SCHEDULE_MS)
  let timer = schedule()
  const pause = async (): Promise<void> => {
    clearInterval(timer)
    await ticking
  }
  return {
    server,
    get url(): string {
      return url.origin
    },
    logs: () => server.getLogs().map(({ message }) => message),
    /** Another process of workerd over the same state: all isolates end, and the messages of queues with them. */
    async restart(): Promise<void> {
      await pause()
      await server.update((same) => same)
      url = (await server.listen()).url
      timer = schedule()
    },
    async stop(): Promise<void> {
      await pause()
      await server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** As `wrangler.jsonc` says, but for where the build is, and with the secrets as plain values. */
function optionsOf(folder: string, { secrets, vars, services = {} }: WorkerOptions): TestHarnessOptions {
  const { rawConfig } = experimental_readRawConfig({ config: join(INFRA, 'wrangler.jsonc') })
  const { build: _build, $schema: _schema, env: _env, d1_databases: databases = [], ...config } = rawConfig
  const out = join(folder, 'out')
  const names = Object.keys(services).map((binding) => ({
    binding,
    service: binding.toLowerCase().replaceAll('_', '-'),
  }))
  const others = names.map(({ binding, service }) => {
    const main = join(folder, `${service}.js`)
    writeFileSync(main, services[binding] ?? '')
    return { config: { name: service, main, compatibility_date: config.compatibility_date ?? '' } }
  })
  const own = {
    ...config,
    main: join(out, 'worker.js'),
    base_dir: out,
    d1_databases: databases.map((database: object) => ({ ...database, migrations_dir: join(INFRA, 'migrations') })),
    vars: { ...vars, ...secrets },
    services: names,
  }
  return { workers: [{ config: own }, ...others] }
}
