/** A small API server in memory: objects by path, JSON Patch with its tests, and a hand that interferes. */

import type { ClusterAnswer, ClusterRequest, Send } from '../../src/clients/kubernetes.ts'

type Operation = { readonly op: string; readonly path: string; readonly value: unknown }
type Tree = Record<string, unknown>

export type MemoryCluster = {
  readonly objects: Map<string, Tree>
  readonly requests: ClusterRequest[]
  readonly send: Send
}

export type Interference = {
  /** Before a request is answered: an answer of its own, or nothing. */
  readonly before?: (request: ClusterRequest) => Partial<ClusterAnswer> | undefined
  /** After a patch is written: throwing here loses the answer. */
  readonly after?: (request: ClusterRequest) => void
}

export function createMemoryCluster(interference: Interference = {}): MemoryCluster {
  const objects = new Map<string, Tree>()
  const requests: ClusterRequest[] = []
  const send: Send = (request) => {
    requests.push(request)
    const early = interference.before?.(request)
    if (early !== undefined) return Promise.resolve({ status: 200, retryAfter: null, body: '{}', ...early })
    const [path = '', query = ''] = request.path.split('?')
    const object = objects.get(path)
    if (object === undefined) return answer(404, { message: `${path} not found` })
    if (request.method === 'GET') return answer(200, object)
    const next = patched(object, JSON.parse(request.body ?? '[]') as Operation[])
    if (next === null) return answer(422, { message: 'the server rejected our request', details: {} })
    if (!query.includes('dryRun=All')) objects.set(path, next)
    interference.after?.(request)
    return answer(200, next)
  }
  return { objects, requests, send }
}

function answer(status: number, body: object): Promise<ClusterAnswer> {
  return Promise.resolve({ status, retryAfter: null, body: JSON.stringify(body) })
}

/** Null where a test does not hold. The version counts up, as the real server's does. */
function patched(object: Tree, operations: readonly Operation[]): Tree | null {
  const next = structuredClone(object)
  for (const { op, path, value } of operations) {
    const steps = path
      .slice(1)
      .split('/')
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    const key = steps.pop() ?? ''
    const parent = steps.reduce<unknown>((at, step) => (at as Tree | undefined)?.[step], next) as Tree | undefined
    if (parent === undefined || (op !== 'add' && !Object.hasOwn(parent, key))) return null
    if (op === 'test' && JSON.stringify(parent[key]) !== JSON.stringify(value)) return null
    if (op !== 'test') parent[key] = value
  }
  const metadata = next['metadata'] as Tree
  metadata['resourceVersion'] = String(Number(metadata['resourceVersion']) + 1)
  metadata['generation'] = Number(metadata['generation'] ?? 0) + 1
  return next
}
