/** The configuration that a build compiles in: made from `drayage.yaml` now, or a bundle that was made and reviewed before. */

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readBundle } from '../src/config/bundle.ts'
import type { Platform } from '../src/config/platform.ts'

const BUNDLE_BYTES_MAX = 64 * 1024 * 1024

/** The bundle's text. Throws where it is for another platform, of another version, or was changed by hand. */
export async function configBundle(
  platform: Platform,
  { config, bundle }: { readonly config: string; readonly bundle: string },
): Promise<string> {
  if (bundle === '') return checked(platform, config)
  const text = readFileSync(bundle, 'utf8')
  const read = await readBundle(JSON.parse(text), platform)
  if (read.ok) return text
  throw new Error(`${bundle}: ${read.error}`)
}

/** What is wrong is on stderr already. */
function checked(platform: Platform, config: string): string {
  const main = join(new URL('..', import.meta.url).pathname, 'src/cli/main.ts')
  try {
    return execFileSync(process.execPath, [main, 'check', '--bundle', '--platform', platform, config], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: BUNDLE_BYTES_MAX,
    })
  } catch {
    console.error(`the configuration ${config} cannot be deployed to ${platform}`)
    process.exit(1)
  }
}
