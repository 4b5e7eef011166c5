/**
 * Writes `dist/cloudflare` (or the folder that is named): the Worker as modules, what a webhook does not need in chunks
 * that are loaded when they are used, and the configuration as a module of its own.
 *
 *   node scripts/build-cloudflare.ts [--config $DRAYAGE_CONFIG or drayage.yaml | --bundle $DRAYAGE_BUNDLE] [--out dist/cloudflare]
 *                                    [--entry handlers/cloudflare.ts]
 */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { printSizes } from './bundle-sizes.ts'
import { configBundle } from './config-bundle.ts'
import { workerModules } from './worker-modules.ts'

const ROOT = new URL('..', import.meta.url).pathname
const { values } = parseArgs({
  options: {
    config: { type: 'string', default: process.env['DRAYAGE_CONFIG'] ?? 'drayage.yaml' },
    bundle: { type: 'string', default: process.env['DRAYAGE_BUNDLE'] ?? '' },
    out: { type: 'string', default: join(ROOT, 'dist/cloudflare') },
    entry: { type: 'string', default: join(ROOT, 'handlers/cloudflare.ts') },
  },
})
const out = resolve(values.out)

const bundle = await configBundle('cloudflare', values)

rmSync(out, { recursive: true, force: true })
const { metafile } = await build({
  entryPoints: { worker: resolve(values.entry) },
  outdir: out,
  absWorkingDir: ROOT,
  bundle: true,
  splitting: true,
  // Beside the worker, so that the configuration's module is found from all of them.
  chunkNames: '[name]-[hash]',
  format: 'esm',
  platform: 'neutral',
  mainFields: ['module', 'main'],
  conditions: ['workerd', 'worker', 'import'],
  target: 'es2024',
  // Names in stack traces come back by the source maps, which are uploaded. `keepNames` names each closure anew whenever one
  // is made, which zod does a hundred times for each shape, and a start makes many.
  minify: true,
  sourcemap: 'linked',
  external: ['cloudflare:*'],
  plugins: [
    workerModules,
    {
      name: 'configuration',
      setup: (builder) =>
        builder.onResolve({ filter: new RegExp('^drayage-config$') }, () => ({
          path: './drayage-config.js',
          external: true,
        })),
    },
  ],
  logLevel: 'warning',
  metafile: true,
})
mkdirSync(out, { recursive: true })
writeFileSync(join(out, 'drayage-config.js'), `export default ${bundle}`)
printSizes('cloudflare', metafile, out)
