/** What each entry of a build loads at once and what it loads later, in bytes as they are sent; told, and kept beside the build. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Metafile } from 'esbuild'

export type BundleSize = {
  /** What is loaded before the first answer: the entry and all that it imports. */
  readonly eager: number
  readonly eagerGzip: number
  /** All of it. */
  readonly total: number
}
/** By entry: `cloudflare/worker`. Inputs are there to tell which libraries are loaded at once. */
export type BundleSizes = Readonly<Record<string, BundleSize & { readonly eagerInputs: readonly string[] }>>

/** Writes `sizes.json` into the folder of the build. */
export function printSizes(platform: string, metafile: Metafile, folder: string): void {
  const sizes: Record<string, BundleSizes[string]> = {}
  for (const [file, { entryPoint }] of Object.entries(metafile.outputs)) {
    if (entryPoint === undefined || !isEntry(file)) continue
    const name = `${platform}/${relative(folder, resolve(file)).replace(/\.m?js$/u, '')}`
    const eager = reachable(file, metafile, ['import-statement'])
    const all = reachable(file, metafile, ['import-statement', 'dynamic-import'])
    sizes[name] = {
      eager: bytesOf(eager, metafile),
      eagerGzip: gzipSync(Buffer.concat(eager.map((path) => readFileSync(path)))).length,
      total: bytesOf(all, metafile),
      eagerInputs: eager.flatMap((path) => Object.keys(metafile.outputs[path]?.inputs ?? {})).toSorted(),
    }
  }
  writeFileSync(join(folder, 'sizes.json'), `${JSON.stringify(sizes, null, 2)}\n`)
  for (const [name, { eager, eagerGzip, total }] of Object.entries(sizes)) {
    console.log(`${name}: ${kib(eager)} KiB at once (${kib(eagerGzip)} gzip), ${kib(total)} KiB in all`)
  }
}

/** Chunks of `import()` have an entry point too, and a hash in their names. */
function isEntry(file: string): boolean {
  return !/-[A-Z0-9]{8}\.m?js$/u.test(file)
}

function reachable(file: string, { outputs }: Metafile, kinds: readonly string[]): readonly string[] {
  const found = new Set([file])
  for (const path of found) {
    for (const { path: next, kind, external } of outputs[path]?.imports ?? []) {
      if (external !== true && kinds.includes(kind)) found.add(next)
    }
  }
  return [...found]
}

function bytesOf(files: readonly string[], { outputs }: Metafile): number {
  return files.reduce((sum, file) => sum + (outputs[file]?.bytes ?? 0), 0)
}

function kib(bytes: number): string {
  return (bytes / 1024).toFixed(1)
}
