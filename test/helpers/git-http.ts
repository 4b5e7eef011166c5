/** Git over HTTP for tests: Node in front of `git http-backend`, with Basic authentication where asked. */

import { spawn } from 'node:child_process'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname } from 'node:path'

export type GitHttp = { readonly url: string; readonly requests: readonly string[]; close(): Promise<void> }

/** Serves one repository's folder on loopback. */
export async function serveGit(
  repositoryPath: string,
  credential?: { username: string; password: string },
): Promise<GitHttp> {
  const requests: string[] = []
  const wanted =
    credential && `Basic ${Buffer.from(`${credential.username}:${credential.password}`).toString('base64')}`
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    if (wanted !== undefined && request.headers.authorization !== wanted) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
      return
    }
    answer(repositoryPath, request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/repository.git`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function answer(repositoryPath: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const backend = spawn('git', ['-c', 'http.receivepack=true', '-c', 'uploadpack.allowFilter=true', 'http-backend'], {
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_PROJECT_ROOT: dirname(repositoryPath),
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: pathname,
      QUERY_STRING: searchParams.toString(),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_USER: 'test',
    },
  })
  request.pipe(backend.stdin)
  backend.stdin.on('error', () => {})
  const chunks: Buffer[] = []
  backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  backend.on('close', () => {
    const output = Buffer.concat(chunks)
    const end = output.indexOf('\r\n\r\n')
    const headers = output.subarray(0, end).toString('latin1').split('\r\n')
    let status = 200
    for (const header of headers) {
      const [name = '', ...value] = header.split(': ')
      if (name.toLowerCase() === 'status') status = Number.parseInt(value.join(': '), 10)
      else if (name !== '') response.setHeader(name, value.join(': '))
    }
    response.writeHead(status).end(output.subarray(end + 4))
  })
}
