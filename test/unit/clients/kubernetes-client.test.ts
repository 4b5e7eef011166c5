import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createTransport } from '../../../src/clients/kubernetes-client.ts'
import type { Send } from '../../../src/clients/kubernetes.ts'

const TOKEN = 'a-token-that-must-not-leave'
const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(handle).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function kubeconfig(server: string, context = 'here'): string {
  return JSON.stringify({
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token: TOKEN } }],
    contexts: [{ name: context, context: { cluster: 'c', user: 'u' } }],
    'current-context': context,
  })
}

function over(text: string | (() => string), context?: string, requestMsMax = 5000): Send {
  const readFile = (): Promise<string> => Promise.resolve(typeof text === 'string' ? text : text())
  const config = { kubeconfig: 'file:/etc/drayage/kubeconfig', ...(context === undefined ? {} : { context }) }
  return createTransport(config, { now: Date.now, readFile, requestMsMax })
}

async function complaint(send: Send): Promise<string> {
  const error = await send({ method: 'GET', path: '/' }).then(
    () => new Error('answered'),
    (thrown: unknown) => thrown,
  )
  expect(error).toMatchObject({ name: 'RetryLater' })
  return (error as Error).message
}

describe('the credentials of a cluster', () => {
  it.each(['/api', '//127.0.0.1:1/', '/../..//evil.example/', '/@evil.example/', '/api?x=http://evil.example'])(
    'CVE-2026-41323, CVE-2026-40868: go to its API server only, whatever the path: %s',
    async (path) => {
      const seen: (string | undefined)[] = []
      const server = await serve((request, response) => {
        seen.push(request.headers.authorization)
        response.end('{}')
      })
      expect(await over(kubeconfig(server))({ method: 'GET', path })).toMatchObject({ status: 200 })
      expect(seen).toEqual([`Bearer ${TOKEN}`])
    },
  )

  it('CVE-2026-41323, CVE-2026-40868: do not follow a redirect', async () => {
    let calls = 0
    const elsewhere = await serve((_, response) => {
      calls += 1
      response.end('{}')
    })
    const server = await serve((_, response) => response.writeHead(307, { location: `${elsewhere}/api` }).end())
    const answer = await over(kubeconfig(server))({ method: 'PATCH', path: '/api', body: '[]' })
    expect(answer.status).toBe(307)
    expect(calls).toBe(0)
  })

  it('are read again when they are refused, once', async () => {
    const users = ['old', 'new']
    const seen: (string | undefined)[] = []
    const server = await serve((request, response) => {
      seen.push(request.headers.authorization)
      response.writeHead(request.headers.authorization === 'Bearer new' ? 200 : 401).end('{}')
    })
    const send = over(() => kubeconfig(server).replace(TOKEN, users.shift() ?? 'new'))
    expect(await send({ method: 'GET', path: '/api' })).toMatchObject({ status: 200 })
    expect(seen).toEqual(['Bearer old', 'Bearer new'])
  })

  it('are read again after a while, by the first of many that ask at once', async () => {
    let now = 0
    let reads = 0
    const server = await serve((_, response) => response.end('{}'))
    const readFile = (): Promise<string> => {
      reads += 1
      return Promise.resolve(kubeconfig(server))
    }
    const send = createTransport({ kubeconfig: 'file:/k' }, { now: () => now, readFile })
    const ask = (): Promise<unknown> =>
      Promise.all(Array.from({ length: 20 }, () => send({ method: 'GET', path: '/' })))
    await ask()
    now = 29_999
    await ask()
    expect(reads).toBe(1)
    now = 30_000
    await ask()
    expect(reads).toBe(2)
  })

  it('that are refused for good are an answer', async () => {
    const server = await serve((_, response) => response.writeHead(401).end('{}'))
    expect(await over(kubeconfig(server))({ method: 'GET', path: '/api' })).toMatchObject({ status: 401 })
  })
})

describe('a cluster that is not there', () => {
  it('means later, and says where and why', async () => {
    const said = await complaint(over(kubeconfig('http://127.0.0.1:1')))
    expect(said).toMatch(/127\.0\.0\.1:1 cannot be reached: ECONNREFUSED/u)
  })

  it('that hangs up means later', async () => {
    const server = await serve((request) => request.socket.destroy())
    expect(await complaint(over(kubeconfig(server)))).toMatch(/cannot be reached/u)
  })

  it.each([
    { case: 'before', start: '' },
    { case: 'within', start: '{' },
  ])('that stops $case its answer means later', async ({ start }) => {
    const server = await serve((_, response) => void (start === '' || response.write(start)))
    expect(await complaint(over(kubeconfig(server), undefined, 200))).toMatch(/cannot be reached: \S+/u)
  })

  it('that answers without end means later', async () => {
    const chunk = 'x'.repeat(1024 * 1024)
    const server = await serve((_, response) => {
      const pour = (): void => {
        while (!response.destroyed && response.write(chunk));
      }
      response.on('drain', pour)
      pour()
    })
    expect(await complaint(over(kubeconfig(server)))).toMatch(/over 16777216 bytes/u)
  })

  it('is reached under a path of its own, as proxies have it', async () => {
    let url: string | undefined
    const server = await serve((request, response) => {
      url = request.url
      response.end('{}')
    })
    await over(kubeconfig(`${server}/k8s/clusters/c-1`))({ method: 'GET', path: '/api?a=b' })
    expect(url).toBe('/k8s/clusters/c-1/api?a=b')
  })
})

describe('a kubeconfig', () => {
  it.each([
    { case: 'no YAML', text: `users: [{ token: ${TOKEN}\n  - }`, said: /is not one: expected YAML/u },
    { case: 'empty', text: '', said: /is not one|no current-context/u },
    { case: 'a list', text: '[]', said: /no current-context/u },
    {
      case: 'no such context',
      text: kubeconfig('https://a'),
      context: 'prod',
      said: /no context "prod"; it has: here/u,
    },
    { case: 'no URL', text: kubeconfig('nowhere'), said: /not a URL/u },
  ])('that is wrong means later and never shows its token: $case', async ({ text, context, said }) => {
    const message = await complaint(over(text, context))
    expect(message).toMatch(said)
    expect(message).not.toContain(TOKEN)
  })

  it('that cannot be read means later', async () => {
    const send = createTransport(
      { kubeconfig: 'file:/none' },
      { now: Date.now, readFile: () => Promise.reject(new Error('ENOENT')) },
    )
    expect(await complaint(send)).toMatch(/\/none cannot be read/u)
  })

  it('whose plugin fails means later and never shows what it printed', async () => {
    const user = { exec: { command: 'sh', args: ['-c', `echo ${TOKEN} >&2; exit 1`] } }
    const text = kubeconfig('http://127.0.0.1:1').replace(`{"token":"${TOKEN}"}`, JSON.stringify(user))
    const message = await complaint(over(text))
    expect(message).toMatch(/no credentials for the user "u"/u)
    expect(message).not.toContain(TOKEN)
  })

  it('outside a pod is not found by inCluster: true', async () => {
    const readFile = (): Promise<string> => Promise.reject(new Error('unused'))
    const message = await complaint(createTransport({ inCluster: true }, { now: Date.now, readFile }))
    expect(message).toMatch(/KUBERNETES_SERVICE_HOST/u)
  })
})
