/**
 * The configuration that was compiled in: validated when the bundle was made, and deployed with the program as one. Loads no
 * shape, so that who only takes events in starts at once. A bundle from anywhere else is read by `bundle.ts`.
 */

import type { LoadedConfig } from '../domain/config.ts'
import type { Platform } from './platform.ts'

/** Of the format. A change that an older reader would misunderstand raises it. */
export const BUNDLE_VERSION = 1

type Bundle = LoadedConfig & { readonly drayage: unknown; readonly bundle: unknown; readonly platform: unknown }

/** Throws where it is no bundle for this program: the deployment is wrong, and says so at its start. */
export function deployedConfig(value: unknown, platform: Platform): LoadedConfig {
  const { drayage, bundle, platform: found, hash, config, files } = value as Bundle
  if (drayage === 'configuration' && bundle === BUNDLE_VERSION && found === platform) {
    return files === undefined ? { config, hash } : { config, hash, files }
  }
  throw new Error(
    `expected a configuration bundle of version ${BUNDLE_VERSION} for ${platform}, found ${String(drayage)}, ` +
      `version ${String(bundle)} for ${String(found)}. Build it anew, and deploy again`,
  )
}
