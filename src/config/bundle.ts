/** The configuration as it travels: validated JSON that is compiled into what is deployed, and read by this module alone. */

import * as z from 'zod'
import { Config, type LoadedConfig } from '../domain/config.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { BUNDLE_VERSION } from './deployed.ts'
import { hashOf } from './hash.ts'
import type { Platform } from './platform.ts'

/** What every version of the format has. */
const Envelope = z.object({ drayage: z.literal('configuration'), bundle: z.number().int() })
const Files = z.array(z.object({ path: z.string(), text: z.string() })).optional()
const Bundle = Envelope.extend({ platform: z.string(), hash: z.string(), config: Config, files: Files })

export function formatBundle({ config, hash, files }: LoadedConfig, platform: Platform): string {
  const own = files === undefined ? {} : { files }
  const bundle = { drayage: 'configuration', bundle: BUNDLE_VERSION, platform, hash, config, ...own }
  return `${JSON.stringify(bundle, null, 2)}\n`
}

/** The configuration in a bundle for this platform, or why it is not taken: another version, another platform, changed by hand. */
export async function readBundle(value: unknown, platform: Platform): Promise<Result<LoadedConfig, string>> {
  const envelope = Envelope.safeParse(value)
  if (!envelope.success) return refuse('expected a configuration bundle', platform)
  if (envelope.data.bundle !== BUNDLE_VERSION) {
    const found = `expected a configuration bundle of version ${BUNDLE_VERSION}, found ${envelope.data.bundle}`
    return refuse(found, platform)
  }
  const parsed = Bundle.safeParse(value)
  if (!parsed.success) return refuse(`the configuration bundle is damaged: ${z.prettifyError(parsed.error)}`, platform)
  const { config, hash, files, platform: found } = parsed.data
  if (found !== platform)
    return refuse(`expected a configuration bundle for ${platform}, found one for ${found}`, platform)
  if (hash !== (await hashOf(config))) return refuse('the configuration bundle was changed after it was made', platform)
  return ok({ config, hash, ...(files === undefined ? {} : { files }) })
}

function refuse(problem: string, platform: Platform): Result<never, string> {
  return err(`${problem}. Make it anew: drayage check --bundle --platform ${platform} --out FILE, and deploy again`)
}
