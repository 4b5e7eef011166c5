/** What one process has whatever its configuration says: secrets, the way out, metrics, traces. */

import { createGuardedFetch } from '../../src/clients/address-guard.ts'
import { createHttp } from '../../src/clients/http.ts'
import { createOtlpFromEnvironment } from '../../src/clients/otlp.ts'
import { createPrometheus } from '../../src/clients/prometheus.ts'
import { readSecretFile } from '../../src/config/files.ts'
import { createSecrets } from '../../src/config/secrets.ts'
import type { Log } from '../../src/domain/log.ts'

const TRACES_EVERY_MS = 5_000

export type Given = {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Log
  readonly now: () => number
}
export type Tools = ReturnType<typeof createTools>

export function createTools({ env, log, now }: Given) {
  const secretOf = createSecrets({ env, readFile: readSecretFile, now })
  const { measure, render } = createPrometheus()
  const onCall = (call: Readonly<Record<string, string | number | null>>): void => log.debug('request', call)
  const http = createHttp({ fetch: createGuardedFetch(), now, random: Math.random, onCall })
  const traces = createOtlpFromEnvironment(env, { http, log, secretOf })
  const flushing = setInterval(() => void traces?.flush(), TRACES_EVERY_MS)
  return {
    env,
    log,
    now,
    secretOf,
    measure,
    render,
    http,
    random: Math.random,
    /** For ports: nothing where nobody collects. */
    tracing: traces === null ? {} : { trace: traces.trace },
    async close(): Promise<void> {
      clearInterval(flushing)
      await traces?.flush()
    },
  }
}
