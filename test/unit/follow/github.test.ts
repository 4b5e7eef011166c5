/** GitHub's answers in the shapes of its documentation, from a real bare repository. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { createGitHub } from '../../../src/clients/github.ts'
import { createHttp } from '../../../src/clients/http.ts'
import { readFirst } from '../../../src/follow/files.ts'
import { createGitHubSource } from '../../../src/follow/github.ts'
import { createRepository } from '../../helpers/git-repository.ts'
import { serveGitHubFiles } from '../../helpers/github-files.ts'

const cleanup: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const step of cleanup.splice(0).toReversed()) await step()
})

async function aSource(branch = 'main', answer?: { readonly status: number; readonly body: object }) {
  const repository = createRepository({
    'drayage/prod.yaml': 'include: apps/*.yaml\n# é\n',
    'drayage/apps/a.yaml': 'a: 1\n',
    'drayage/apps/link.yaml': { mode: '120000', content: '../../secret' },
  })
  cleanup.push(() => repository.close())
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    const [status, body] =
      answer === undefined
        ? serveGitHubFiles(repository, decodeURIComponent(request.url ?? ''))
        : [answer.status, answer.body]
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanup.push(() => void server.close())
  const { port } = server.address() as AddressInfo
  const http = createHttp({ fetch: (url, init) => fetch(url, init), now: Date.now, random: Math.random })
  const github = createGitHub(
    { github: 'acme/platform', base: 'main', token: 'env:TOKEN', api: `http://127.0.0.1:${port}` },
    { http, secretOf: () => async () => ['CANARY'], now: Date.now },
  )
  return { source: createGitHubSource(github, branch), repository, requests }
}

it('reads a file and what it includes, at one commit', async () => {
  const { source, repository } = await aSource()
  const read = await source.read(async (snapshot) => {
    const first = await readFirst(snapshot, 'drayage/prod.yaml')
    if (!first.ok) throw new Error(first.error)
    return { ...snapshot, first: first.value, more: await first.value.include('apps/a.yaml') }
  })
  if (!read.ok) throw new Error(read.error)
  const { commit, isProtected, first, more } = read.value
  const at = repository.head()?.slice(0, 12)
  expect([commit, isProtected]).toEqual([repository.head(), true])
  expect([first.path, first.text]).toEqual([`drayage/prod.yaml@${at}`, 'include: apps/*.yaml\n# é\n'])
  expect(more).toEqual({ ok: true, value: [{ path: `drayage/apps/a.yaml@${at}`, text: 'a: 1\n' }] })
})

it('does not follow a link', async () => {
  const { source } = await aSource()
  const read = await source.read(async (snapshot) => {
    const first = await readFirst(snapshot, 'drayage/prod.yaml')
    return first.ok ? first.value.include('apps/*.yaml') : first
  })
  expect(JSON.stringify(read)).toMatch(/is no file: links/u)
})

it('names a branch with a slash as one', async () => {
  const { source, repository, requests } = await aSource('release/prod')
  repository.commit({ 'x.yaml': '' }, 'release/prod')
  const read = await source.read(async ({ commit }) => commit)
  expect(read).toEqual({ ok: true, value: repository.head('release/prod') })
  expect(requests).toEqual(['GET /repos/acme/platform/branches/release%2Fprod'])
})

it.each([
  [404, /knows no such branch, or does not show it/u],
  [403, /GitHub refuses/u],
])('gives the reason of a no: %i', async (status, expected) => {
  const { source } = await aSource('main', { status, body: { message: 'no' } })
  const read = await source.read(async () => 'never')
  expect(read.ok ? '' : read.error).toMatch(expected)
})

it('throws where later may help', async () => {
  const { source } = await aSource('main', { status: 502, body: {} })
  await expect(source.read(async () => 'never')).rejects.toThrow(/GitHub failed/u)
})
