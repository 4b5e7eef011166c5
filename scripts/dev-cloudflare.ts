/** Runs the Worker on this machine, offline: D1, Durable Objects, queues and all. `npm run dev:cloudflare [-- --port 8787]`. */

import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = new URL('..', import.meta.url).pathname
const FOLDER = join(ROOT, 'infra/cloudflare')
const WRANGLER = join(ROOT, 'node_modules/wrangler/bin/wrangler.js')

const secrets = join(FOLDER, '.dev.vars')
if (!existsSync(secrets)) {
  copyFileSync(`${secrets}.example`, secrets)
  console.log(`wrote ${secrets}: the secrets of this machine, made up`)
}
wrangler(['d1', 'migrations', 'apply', 'drayage', '--local'])
wrangler(['dev', '--local', ...process.argv.slice(2)])

function wrangler(args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [WRANGLER, ...args, '--config', join(FOLDER, 'wrangler.jsonc')], {
    stdio: 'inherit',
    env: {
      DRAYAGE_CONFIG: join(FOLDER, 'drayage.yaml'),
      ...process.env,
      // Nothing leaves this machine.
      WRANGLER_SEND_METRICS: 'false',
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
      CI: 'true',
    },
  })
  if (status !== 0) process.exit(status ?? 1)
}
