/** Whether events can be taken in, and what is missing: as a code for any stranger, in words for whoever runs this. */

import type { Config } from './domain/config.ts'
import type { Log } from './domain/log.ts'
import { referencesIn, type Secret, type SecretReference } from './domain/secret.ts'
import type { Inbox } from './state/inbox.ts'

const STORE_TIMEOUT_MS = 2_000
/** Strangers may ask: the world is not asked again for each of them. */
const KNOWN_MS = 1_000
/** So long does a refused write count. For ever would be for ever: who is not ready is sent nothing that could be written. */
const REFUSED_WRITE_MS = 15_000

type Problem = { readonly what: 'stopping' | 'store' | 'secret'; readonly detail: string }

export type ReadinessOptions = {
  readonly inbox: Inbox
  /** What is wrong with the store, where it can say. Null: nothing. */
  readonly problem?: () => Promise<string | null>
  readonly config: () => Config
  readonly secretOf: (reference: SecretReference) => Secret
  readonly now: () => number
  readonly log: Log
}

export type Readiness = {
  /** The same inbox, its writes watched. */
  readonly inbox: Inbox
  stop(): void
  problems(): Promise<readonly Problem[]>
  /** Codes of what keeps events out. Empty: ready. */
  unready(): Promise<readonly string[]>
}

/**
 * A secret that cannot be read keeps a service that starts from being ready, so that a roll-out stops there. Later it keeps
 * out only those whose secret it is: one registry's mishap is not all registries' (CVE-2022-39272).
 */
export function createReadiness({ inbox, problem, config, secretOf, now, log }: ReadinessOptions): Readiness {
  let isStopping = false
  let wasReady = false
  let refused: { readonly until: number; readonly detail: string } | undefined
  let known: { readonly until: number; readonly problems: Promise<readonly Problem[]> } | undefined
  let told = ''

  const look = async (): Promise<readonly Problem[]> => {
    const [store, secrets] = await Promise.all([
      lookAtStore(problem ?? depthOf(inbox)),
      lookAtSecrets(config(), secretOf),
    ])
    const write = refused === undefined || now() >= refused.until ? undefined : refused
    const problems: readonly Problem[] = [
      ...store,
      ...(write === undefined ? [] : [{ what: 'store' as const, detail: write.detail }]),
      ...secrets,
    ]
    if (problems.length === 0) wasReady = true
    tell(problems)
    return problems
  }
  const tell = (problems: readonly Problem[]): void => {
    const detail = problems.map((problem) => problem.detail).join('; ')
    if (detail === told) return
    told = detail
    if (detail === '') log.info('all is well again')
    else log.warn('something is missing', { detail })
  }
  const problems = async (): Promise<readonly Problem[]> => {
    if (isStopping) return [{ what: 'stopping', detail: 'the service is stopping' }]
    if (known === undefined || now() >= known.until) known = { until: now() + KNOWN_MS, problems: look() }
    return known.problems
  }
  return {
    inbox: {
      ...inbox,
      async put(events) {
        try {
          const results = await inbox.put(events)
          refused = undefined
          return results
        } catch (error) {
          const detail = `the last event could not be written: ${messageOf(error)}`
          refused = { until: now() + REFUSED_WRITE_MS, detail }
          known = undefined
          throw error
        }
      },
    },
    stop: () => void (isStopping = true),
    problems,
    async unready() {
      const all = await problems()
      return [...new Set(all.filter(({ what }) => what !== 'secret' || !wasReady).map(({ what }) => what))]
    },
  }
}

/** For a store that says nothing of itself: it counts what waits, or does not. */
function depthOf(inbox: Inbox): () => Promise<null> {
  return async () => inbox.depth().then(() => null)
}

async function lookAtStore(problemOf: () => Promise<string | null>): Promise<readonly Problem[]> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${STORE_TIMEOUT_MS} ms`)), STORE_TIMEOUT_MS)
  })
  try {
    const problem = await Promise.race([problemOf(), tooLate])
    return problem === null ? [] : [{ what: 'store', detail: problem }]
  } catch (error) {
    return [{ what: 'store', detail: `the store does not answer: ${messageOf(error)}` }]
  } finally {
    clearTimeout(timer)
  }
}

async function lookAtSecrets(
  { registries, git, slack, notifications, server }: Config,
  secretOf: ReadinessOptions['secretOf'],
): Promise<readonly Problem[]> {
  const own = { 'server.api.tokens': server.tokens, 'server.config.secret': server.config?.secret }
  const references = [...referencesIn({ registries, git, slack, notifications, ...own })]
  const looked = references.map(async ({ at, reference }): Promise<readonly Problem[]> => {
    return secretOf(reference)().then(
      () => [],
      (error: unknown) => [{ what: 'secret', detail: `${at}: ${messageOf(error)}` }],
    )
  })
  return (await Promise.all(looked)).flat()
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown failure'
}
