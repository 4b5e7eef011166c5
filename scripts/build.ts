/**
 * Writes `dist/` (or the folder that is named), which is the published package: our code and the libraries that it uses as
 * JavaScript, and no dependency to fetch. What was tested is what runs.
 */

import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { thirdPartyNotices } from './third-party.ts'

const ROOT = new URL('..', import.meta.url).pathname
const OUT = resolve(process.argv[2] ?? join(ROOT, 'dist'))
const COPIED = ['README.md', 'CHANGELOG.md', 'LICENSE', 'drayage.schema.json'] as const
/** What other platforms build stands beside it, and stays out. */
const FILES = [
  'drayage.js',
  'main.js',
  'chunks',
  'drayage.schema.json',
  'CHANGELOG.md',
  'THIRD-PARTY-NOTICES.txt',
] as const
/** Libraries that are CommonJS ask for Node's own modules by `require`. */
const BANNER = `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);`

const source = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<string, unknown>
for (const old of ['chunks', 'main.js']) rmSync(join(OUT, old), { recursive: true, force: true })
const { metafile } = await build({
  entryPoints: { main: join(ROOT, 'src/cli/main.ts') },
  outdir: OUT,
  absWorkingDir: ROOT,
  bundle: true,
  // A command loads its own chunks only.
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node24',
  banner: { js: BANNER },
  // Native and optional: pg works without it.
  external: ['pg-native'],
  logLevel: 'warning',
  metafile: true,
})
write('drayage.js', front(String((source['engines'] as Record<string, string>)['node'])))
chmodSync(join(OUT, 'drayage.js'), 0o755)
write('package.json', `${JSON.stringify(manifest(), null, 2)}\n`)
write('THIRD-PARTY-NOTICES.txt', thirdPartyNotices(ROOT, Object.keys(metafile.inputs)))
for (const file of COPIED) copyFileSync(join(ROOT, file), join(OUT, file))
const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0)
console.log(`${OUT}: ${Object.keys(metafile.outputs).length} modules, ${(bytes / 1e6).toFixed(1)} MB`)

function write(file: string, text: string): void {
  writeFileSync(join(OUT, file), text)
}

/** What an old Node can still read: it says what is missing, where the rest would only fail to parse or to load. */
function front(engines: string): string {
  return `#!/usr/bin/env node
/* Drayage needs Node ${engines}. */
var version = process.versions.node.split('.').map(Number)
if (version[0] > 24 || (version[0] === 24 && version[1] >= 15)) {
  import('./main.js')
} else {
  console.error('drayage: expected Node ${engines}, found ' + process.version + '. See https://nodejs.org')
  process.exitCode = 1
}
`
}

/** Without dependencies: they are in the modules. */
function manifest(): object {
  const { name, version, description, license, engines } = source
  return { name, version, description, license, type: 'module', engines, bin: { drayage: 'drayage.js' }, files: FILES }
}
