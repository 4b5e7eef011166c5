/** Where a registry may send us for a token: nowhere but to its one pinned host. */

import { describe, expect, it } from 'vitest'
import { Registry } from '../../../../src/domain/image.ts'
import {
  aClient,
  anImage,
  aRegistry,
  aWorld,
  hostsWithCredentials,
  linesOf,
  tokenService,
  withTokens,
} from '../../../helpers/hostile-registry.ts'

const HOST = 'acme.azurecr.io'

describe('CVE-2026-33540, CVE-2026-12566: a realm on another host gets no request', () => {
  it.each([
    'https://evil.example/token',
    'https://acme.azurecr.io.evil.example/token',
    'https://evil.example/acme.azurecr.io/token',
    'https://evil.example?acme.azurecr.io',
    'https://evil.example#acme.azurecr.io',
    'https://xacme.azurecr.io/token',
    'https://azurecr.io/token',
    'https://login.acme.azurecr.io/token',
    'https://acme.azurecr.io:8443/token',
    'http://acme.azurecr.io/token',
    'http://acme.azurecr.io:443/token',
    'https://acme.azurecr.io@evil.example/token',
    'https://user:pass@acme.azurecr.io/token',
    'https://user@acme.azurecr.io/token',
    'https://acme.azurecr.io%2eevil.example/token',
    'https://acme.azurecr.io%00.evil.example/token',
    'https://acme。azurecr。io/token',
    'https://acmе.azurecr.io/token',
    'https://acme.azurecr.io\u00ad/token',
    'https://acme.azurecr.io\t.evil.example/token',
    'https:\\\\evil.example\\acme.azurecr.io',
    'https://evil.example\\@acme.azurecr.io/token',
    'https://acme.azurecr.io\\@evil.example/token',
    '//evil.example/token',
    '/token',
    'token',
    '',
    'https://',
    'https://127.0.0.1/token',
    'https://2130706433/token',
    'https://0x7f000001/token',
    'https://[::1]/token',
    'https://[::ffff:7f00:1]/token',
    'http://169.254.169.254/latest/meta-data/',
    'https://169.254.169.254/latest/meta-data/',
    'https://metadata.google.internal/token',
    'https://localhost/token',
    'https://localhost:443/token',
    'file:///etc/passwd',
    'ftp://acme.azurecr.io/token',
    'javascript:alert(1)',
    'data:application/json,{"token":"x"}',
    'ws://acme.azurecr.io/token',
    `https://acme.azurecr.io/${'x'.repeat(2048)}`,
  ])('%s', async (realm) => {
    const challenge = `Bearer realm="${asHeader(realm)}",service="s"`
    const world = aWorld({ [HOST]: aRegistry({ auth: 'bearer', challenge }), 'evil.example': tokenService() })
    const found = await aClient(world, HOST).resolve(anImage(HOST))
    expect(found).toMatchObject({ ok: false, error: { reason: 'realm-not-allowed' } })
    expect(linesOf(world.seen)).toEqual([`HEAD ${HOST}/v2/acme/app/manifests/1.0.0`])
    expect(hostsWithCredentials(world.seen)).toEqual([])
  })
})

it('refuses letters that the URL parser would drop before it compares', async () => {
  const challenge = `Bearer realm="https://acme\u00ad.azurecr.io/token"`
  const world = aWorld({ [HOST]: withTokens(aRegistry({ auth: 'bearer', challenge })) })
  expect(await aClient(world, HOST).resolve(anImage(HOST))).toMatchObject({ error: { reason: 'realm-not-allowed' } })
  expect(world.seen).toHaveLength(1)
})

describe('go-containerregistry bearer.go: whole hosts are compared, not their last two labels', () => {
  it.each([
    ['acme.azurecr.io', 'evil.azurecr.io'],
    ['reg.co.uk', 'evil.co.uk'],
    ['ghcr.io', 'evil.github.io'],
  ])('a realm of %s on %s is refused', async (host, evil) => {
    const challenge = `Bearer realm="https://${evil}/token"`
    const world = aWorld({ [host]: aRegistry({ auth: 'bearer', challenge }), [evil]: tokenService() })
    const found = await aClient(world, host).resolve(anImage(host))
    expect(found).toMatchObject({ ok: false, error: { reason: 'realm-not-allowed' } })
    expect(world.seen.map(({ url }) => url.host)).toEqual([host])
  })
})

describe('CVE-2025-27403: a token of one cloud registry never goes to a host that is not it', () => {
  it('names the host found and the host expected', async () => {
    const challenge = 'Bearer realm="https://acme.azurecr.example/oauth2/token",service="acme.azurecr.io"'
    const world = aWorld({ [HOST]: aRegistry({ auth: 'bearer', challenge }) })
    const found = await aClient(world, HOST).resolve(anImage(HOST))
    expect(found.ok ? '' : found.error.detail).toMatch(/acme\.azurecr\.example.*acme\.azurecr\.io.*tokenHost/u)
  })
})

it.each([
  ['docker.io', 'registry-1.docker.io', 'auth.docker.io'],
  ['ghcr.io', 'ghcr.io', 'ghcr.io'],
  ['quay.io', 'quay.io', 'quay.io'],
  ['acme.azurecr.io', 'acme.azurecr.io', 'acme.azurecr.io'],
  ['europe-docker.pkg.dev', 'europe-docker.pkg.dev', 'europe-docker.pkg.dev'],
  ['gcr.io', 'gcr.io', 'gcr.io'],
  ['registry.gitlab.com', 'registry.gitlab.com', 'gitlab.com'],
  ['registry.example.com:5000', 'registry.example.com:5000', 'registry.example.com:5000'],
])('%s is asked at %s and its tokens come from %s', async (host, api, tokenHost) => {
  const challenge = `Bearer realm="https://${tokenHost}/token",service="s"`
  const registry = aRegistry({ auth: 'bearer', challenge })
  const answer = tokenService()
  const world = aWorld({
    [tokenHost]: answer,
    [api]: (seen) => (seen.url.pathname === '/token' ? answer(seen) : registry(seen)),
  })
  expect(await aClient(world, host).resolve(anImage(host))).toMatchObject({ ok: true })
  expect(linesOf(world.seen)[1]).toBe(`GET ${tokenHost}/token`)
})

it('takes the realm where tokenHost says, and then nowhere else', async () => {
  const tokenHost = Registry.parse('login.example.com')
  const at = (realm: string) =>
    aWorld({
      'reg.example.com': aRegistry({ auth: 'bearer', challenge: `Bearer realm="${realm}"` }),
      'login.example.com': tokenService(),
      'reg.example.com:443': tokenService(),
    })
  const good = at('https://login.example.com/token')
  expect(await aClient(good, 'reg.example.com', { tokenHost }).resolve(anImage('reg.example.com'))).toMatchObject({
    ok: true,
  })
  const bad = at('https://reg.example.com/token')
  const found = await aClient(bad, 'reg.example.com', { tokenHost }).resolve(anImage('reg.example.com'))
  expect(found).toMatchObject({ ok: false, error: { reason: 'realm-not-allowed' } })
})

it('keeps the query of a realm and adds its own service and scope', async () => {
  const challenge = 'Bearer realm="https://ghcr.io/token?x=1&scope=repository:other:push",service="ghcr.io"'
  const registry = aRegistry({ auth: 'bearer', challenge })
  const world = aWorld({
    'ghcr.io': (seen) => (seen.url.pathname === '/token' ? tokenService()(seen) : registry(seen)),
  })
  await aClient(world, 'ghcr.io').resolve(anImage('ghcr.io'))
  const asked = world.seen[1]?.url.searchParams
  expect(Object.fromEntries(asked ?? [])).toEqual({ x: '1', service: 'ghcr.io', scope: 'repository:acme/app:pull' })
  expect(asked?.getAll('scope')).toHaveLength(1)
})

/** Quoted, and each byte of its UTF-8 as the character that a header carries it as. */
function asHeader(text: string): string {
  const bytes = new TextEncoder().encode(text.replaceAll(/["\\]/gu, '\\$&'))
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
}
