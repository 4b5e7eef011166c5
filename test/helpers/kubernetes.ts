/** A person's hands in the cluster of `KUBECONFIG`: a namespace of our own, objects made and changed beside Drayage. */

import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createTransport } from '../../src/clients/kubernetes-client.ts'
import { createCluster } from '../../src/clients/kubernetes-configured.ts'
import type { Cluster, ClusterRequest, Send } from '../../src/clients/kubernetes.ts'

type Answer = { readonly status: number; readonly body: Record<string, unknown> }

export type TestCluster = {
  readonly namespace: string
  /** The cluster as Drayage sees it, with the kubeconfig's own rights. */
  readonly cluster: Cluster
  /** Asks anything; never throws for a status. */
  ask(method: ClusterRequest['method'], path: string, body?: unknown, contentType?: string): Promise<Answer>
  /** As `ask`, for what has to succeed. */
  demand(method: ClusterRequest['method'], path: string, body?: unknown, contentType?: string): Promise<Answer['body']>
  close(): Promise<void>
}

export const clusterOptions = {
  now: () => Date.now(),
  readFile: (path: string): Promise<string> => readFile(path, 'utf8'),
}

/** Makes a namespace that nobody else has; `close` removes it with all that is in it. */
export async function openTestCluster(kubeconfig: string): Promise<TestCluster> {
  const config = { kubeconfig: `file:${kubeconfig}` }
  const send = createTransport(config, clusterOptions)
  const ask: TestCluster['ask'] = (method, path, body, contentType) => exchange(send, method, path, body, contentType)
  const demand: TestCluster['demand'] = async (method, path, body, contentType) => {
    const answer = await ask(method, path, body, contentType)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  const namespace = `drayage-test-${randomBytes(4).toString('hex')}`
  await demand('POST', '/api/v1/namespaces', { metadata: { name: namespace } })
  const close = async (): Promise<void> => {
    await demand('DELETE', `/api/v1/namespaces/${namespace}`)
  }
  return { namespace, cluster: createCluster(config, clusterOptions), ask, demand, close }
}

async function exchange(
  send: Send,
  method: ClusterRequest['method'],
  path: string,
  body?: unknown,
  contentType = 'application/json',
): Promise<Answer> {
  const answer = await send({
    method,
    path,
    ...(body === undefined ? {} : { body: JSON.stringify(body), contentType }),
  })
  const isJson = answer.body.startsWith('{')
  return {
    status: answer.status,
    body: isJson ? (JSON.parse(answer.body) as Record<string, unknown>) : { message: answer.body },
  }
}

/** Asks until the answer is as wanted; the last answer, where it never is. */
export async function until<T>(ask: () => Promise<T>, isWanted: (value: T) => boolean, timeoutMs = 20_000): Promise<T> {
  const end = Date.now() + timeoutMs
  for (;;) {
    const value = await ask()
    if (isWanted(value) || Date.now() > end) return value
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
