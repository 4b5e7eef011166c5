/** The configuration as commands load it that work with it: what is wrong is told on stderr. */

import { loadConfigFile } from '../config/files.ts'
import { formatProblem } from '../config/problem.ts'
import type { LoadedConfig } from '../domain/config.ts'
import type { Io } from './command.ts'
import { configOptions } from './config-options.ts'

export const DEFAULT_CONFIG = 'drayage.yaml'

/** Null where it cannot be used. */
export async function loadForUse(path: string, io: Io): Promise<LoadedConfig | null> {
  const loaded = await loadConfigFile(path, configOptions)
  const problems = loaded.ok ? loaded.value.warnings : loaded.error
  for (const problem of problems) io.stderr(`${formatProblem(problem)}\n`)
  return loaded.ok ? loaded.value.loaded : null
}
