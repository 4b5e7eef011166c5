/**
 * Writes `dist/aws` (or the folder that is named): the functions as modules, what a webhook does not need in chunks that
 * are loaded when they are used, and the configuration as a module of its own.
 *
 *   node scripts/build-aws.ts [--config drayage.yaml | --bundle FILE] [--out dist/aws]
 */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { build, type Metafile } from 'esbuild'
import { printSizes } from './bundle-sizes.ts'
import { configBundle } from './config-bundle.ts'

const ROOT = new URL('..', import.meta.url).pathname
/** Alone where a start is waited for: fewer files. */
const TOGETHER: readonly (readonly string[])[] = [['webhook'], ['events'], ['api', 'queue', 'timer']]
/** Libraries that are CommonJS ask for Node's own modules by `require`. */
const BANNER = `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);`

const { values } = parseArgs({
  options: {
    config: { type: 'string', default: 'drayage.yaml' },
    bundle: { type: 'string', default: '' },
    out: { type: 'string', default: join(ROOT, 'dist/aws') },
  },
})
const out = resolve(values.out)

const bundle = await configBundle('aws', values)

rmSync(out, { recursive: true, force: true })
const built = await Promise.all(TOGETHER.map(buildTogether))
mkdirSync(out, { recursive: true })
writeFileSync(join(out, 'drayage-config.mjs'), `export default ${bundle}`)
const outputs = Object.assign({}, ...built.map((one) => one.outputs)) as Metafile['outputs']
printSizes('aws', { inputs: {}, outputs }, out)

/** What is built together shares its chunks, and loads more of them. */
async function buildTogether(names: readonly string[]): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints: Object.fromEntries(names.map((name) => [name, join(ROOT, `handlers/aws/${name}.ts`)])),
    outdir: out,
    absWorkingDir: ROOT,
    bundle: true,
    splitting: true,
    // Beside the entries, so that the configuration's path is the same for all.
    chunkNames: 'chunk-[name]-[hash]',
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    platform: 'node',
    // AWS's client has an ES module for its CommonJS one: half the size, as only what is used is taken.
    mainFields: ['module', 'main'],
    target: 'node24',
    banner: { js: BANNER },
    minifyWhitespace: true,
    minifySyntax: true,
    // Names are in stack traces, and those are in the logs. Not by `keepNames`: it names each closure anew whenever one is
    // made, which zod does a hundred times for each shape, and a start makes many.
    minifyIdentifiers: false,
    plugins: [
      {
        name: 'configuration',
        setup: (builder) =>
          builder.onResolve({ filter: new RegExp('^drayage-config$') }, () => ({
            path: './drayage-config.mjs',
            external: true,
          })),
      },
    ],
    logLevel: 'warning',
    metafile: true,
  })
  return metafile
}
