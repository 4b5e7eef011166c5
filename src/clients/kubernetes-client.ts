/** The wire to an API server by @kubernetes/client-node: kubeconfig or in-cluster, credentials, TLS. Loaded lazily. */

import { KubeConfig, RequestContext } from '@kubernetes/client-node'
import { RetryLater } from '../domain/retry.ts'
import type { Access } from './cluster-credentials/access.ts'
import type { ClientNodeCluster, ClusterOptions } from './kubernetes-configured.ts'
import type { ClusterAnswer, ClusterRequest, Send } from './kubernetes.ts'

type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>
/** One pool of connections with the credentials of the moment. */
type Connection = {
  readonly server: URL
  readonly headers: Readonly<Record<string, string>>
  readonly dispatcher: Dispatcher
  readonly until: number
}

const REQUEST_MS_MAX = 20_000
/** Credential plugins (`aws eks get-token`) are programs, and may hang. */
const CREDENTIAL_MS_MAX = 30_000
/** After this time tokens, certificates and the kubeconfig are read again: they rotate. */
const CONNECTION_AGE_MS_MAX = 30_000
const ANSWER_BYTES_MAX = 16 * 1024 * 1024

/** Requests go to the configured server only; redirects are answers like any other, so no credential follows one. */
export function createTransport(config: ClientNodeCluster, options: ClusterOptions): Send {
  const readKubeConfig = createReader(config, options)
  let current: Promise<Connection> | undefined

  async function connection(refused?: Connection): Promise<Connection> {
    const before = current
    const known = await before?.catch(() => undefined)
    if (known !== undefined && known !== refused && options.now() < known.until) return known
    // Many may find the same one too old: the first opens the next. Nobody closes the old one, which others may still
    // be using; its sockets close by themselves when they have been idle for seconds
    if (current === undefined || current === before) current = connect(readKubeConfig, options)
    return current
  }

  return async (request) => {
    const ms = options.requestMsMax ?? REQUEST_MS_MAX
    const first = await connection()
    const answer = await exchange(first, request, ms)
    // A token may have been rotated meanwhile. The server did nothing, so asking once more is safe
    return answer.status === 401 ? exchange(await connection(first), request, ms) : answer
  }
}

/** The same text gives the same KubeConfig, which keeps the tokens of credential plugins. */
function createReader(config: ClientNodeCluster, options: ClusterOptions): () => Promise<KubeConfig> {
  let known: { readonly text: string; readonly parsed: KubeConfig } | undefined
  return async () => {
    if ('inCluster' in config) return inCluster(options.serviceAccountRoot ?? '')
    if ('access' in config) return managed(await config.access())
    const file = config.kubeconfig.slice('file:'.length)
    const text = await options.readFile(file).catch((cause: unknown) => {
      throw new RetryLater(`the kubeconfig ${file} cannot be read`, { cause })
    })
    if (known?.text !== text) known = { text, parsed: parse(text, file, config.context) }
    return known.parsed
  }
}

function inCluster(root: string): KubeConfig {
  const parsed = new KubeConfig()
  parsed.loadFromCluster(root)
  if (parsed.getCurrentCluster()?.server.includes('undefined') === true) {
    throw new RetryLater('inCluster: true is for a pod; here KUBERNETES_SERVICE_HOST and _PORT are not set')
  }
  return parsed
}

function managed({ server, ca, token }: Access): KubeConfig {
  const parsed = new KubeConfig()
  const cluster = { name: 'managed', server, skipTLSVerify: false, ...(ca === null ? {} : { caData: ca }) }
  parsed.loadFromClusterAndUser(cluster, { name: 'managed', token })
  nameServers(parsed)
  return parsed
}

function parse(text: string, file: string, context: string | undefined): KubeConfig {
  const parsed = new KubeConfig()
  try {
    parsed.loadFromString(text)
  } catch {
    // The parser's message quotes the lines around the fault, and a token may stand there
    throw new RetryLater(`the kubeconfig ${file} is not one: expected YAML with clusters, users and contexts`)
  }
  parsed.makePathsAbsolute(file.slice(0, file.lastIndexOf('/') + 1))
  nameServers(parsed)
  if (context !== undefined) parsed.setCurrentContext(context)
  if (parsed.getCurrentCluster() === null) {
    const names = parsed.getContexts().map(({ name }) => name)
    const wanted = context === undefined ? 'no current-context that leads to a cluster' : `no context "${context}"`
    throw new RetryLater(`the kubeconfig ${file} has ${wanted}; it has: ${names.join(', ') || 'none'}`)
  }
  return parsed
}

/**
 * client-node makes a pool of connections only for a cluster with some TLS setting of its own; without one (a server
 * with a public certificate) it leaves the choice to `fetch`, which follows redirects. Naming the host is such a setting.
 */
function nameServers(config: KubeConfig): void {
  config.loadFromOptions({
    clusters: config.getClusters().map((cluster) => {
      const isPublic = !cluster.caFile && !cluster.caData && !cluster.skipTLSVerify && !cluster.tlsServerName
      return isPublic ? { ...cluster, tlsServerName: URL.parse(cluster.server)?.hostname } : cluster
    }),
    contexts: config.getContexts(),
    users: config.getUsers(),
    currentContext: config.getCurrentContext(),
  })
}

async function connect(readKubeConfig: () => Promise<KubeConfig>, options: ClusterOptions): Promise<Connection> {
  const config = await readKubeConfig()
  const server = URL.parse(config.getCurrentCluster()?.server ?? '')
  if (server === null) throw new RetryLater('the kubeconfig names a server that is not a URL')
  const context = new RequestContext(server.href, 'GET')
  await within(CREDENTIAL_MS_MAX, config.applySecurityAuthentication(context)).catch(() => {
    // What a plugin printed stays here: it may be a credential
    const user = config.getCurrentUser()?.name ?? ''
    throw new RetryLater(`no credentials for the user "${user}" of the kubeconfig: its files or its plugin failed`)
  })
  const dispatcher = context.getDispatcher()
  if (dispatcher === undefined) throw new RetryLater(`no connection to ${server.host} by this kubeconfig`)
  return { server, headers: context.getHeaders(), dispatcher, until: options.now() + CONNECTION_AGE_MS_MAX }
}

async function exchange(connection: Connection, request: ClusterRequest, msMax: number): Promise<ClusterAnswer> {
  const { server, headers, dispatcher } = connection
  const type = request.contentType === undefined ? {} : { 'content-type': request.contentType }
  try {
    const answer = await dispatcher.request({
      origin: server.origin,
      // The path goes to this origin whatever it looks like: `//other.example/` is a path too
      path: server.pathname.replace(/\/$/u, '') + request.path,
      method: request.method,
      headers: { ...headers, accept: 'application/json', 'user-agent': 'drayage', ...type },
      body: request.body ?? null,
      signal: AbortSignal.timeout(msMax),
    })
    const retryAfter = answer.headers['retry-after']
    return {
      status: answer.statusCode,
      retryAfter: typeof retryAfter === 'string' ? retryAfter : null,
      body: await readText(answer.body),
    }
  } catch (cause) {
    if (cause instanceof RetryLater) throw cause
    const why = cause instanceof Error ? ((cause as { code?: string }).code ?? cause.name) : 'unknown'
    throw new RetryLater(`the API server ${server.host} cannot be reached: ${why}`, { cause })
  }
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.byteLength
    if (bytes > ANSWER_BYTES_MAX) throw new RetryLater(`the API server's answer is over ${ANSWER_BYTES_MAX} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('timeout')), ms)
  return Promise.race([work, promise]).finally(() => clearTimeout(timer))
}
