/** Names are checked by what they resolve to, at the moment of connecting. */

import { describe, expect, it } from 'vitest'
import { createGuardedFetch, type Resolve } from '../../../src/clients/address-guard.ts'
import { createHttp } from '../../../src/clients/http.ts'
import { aServer } from '../../helpers/hostile-registry.ts'

/** A resolver that answers these addresses, one list after the other; the last one again and again. */
function resolving(...answers: readonly (readonly string[])[]): Resolve & { asked: number } {
  const resolve: Resolve & { asked: number } = Object.assign(
    (...[, , callback]: Parameters<Resolve>) => {
      const addresses = answers[Math.min(resolve.asked, answers.length - 1)] ?? []
      resolve.asked += 1
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      )
    },
    { asked: 0 },
  )
  return resolve
}

function aHttp(resolve: Resolve) {
  return createHttp({
    fetch: createGuardedFetch(resolve),
    now: Date.now,
    random: () => 0,
    sleep: async () => undefined,
  })
}

describe('a configured name', () => {
  it('is called at the address it resolves to', async () => {
    const { host, close } = await aServer((request, response) => void response.end(request.headers.host))
    const name = `registry.example.com:${host.split(':')[1]}`
    const found = await aHttp(resolving(['127.0.0.1']))({
      url: new URL(`http://${name}/`),
      hosts: [name],
      plainHttp: true,
    })
    expect(found.ok && new TextDecoder().decode(found.value.body)).toBe(name)
    await close()
  })

  it.each([
    ['a metadata address', ['169.254.169.254']],
    ['an IPv6 metadata address', ['fd00:ec2::254']],
    ['a mapped metadata address', ['::ffff:169.254.169.254']],
    ['this host by no address', ['0.0.0.0']],
    ['one good and one bad address', ['93.184.216.34', '169.254.169.254']],
  ])('that resolves to %s is refused', async (_what, addresses) => {
    const http = aHttp(resolving(addresses))
    const found = await http({ url: new URL('https://registry.example.com/'), hosts: ['registry.example.com'] })
    expect(found).toMatchObject({ ok: false, error: { reason: 'address-refused' } })
  })

  it('that does not resolve may resolve later', async () => {
    const resolve: Resolve = (...[, , callback]) => callback(Object.assign(new Error(), { code: 'ENOTFOUND' }), [])
    const call = aHttp(resolve)({ url: new URL('https://registry.example.com/'), hosts: ['registry.example.com'] })
    await expect(call).rejects.toThrow('the call to registry.example.com failed: ENOTFOUND')
  })
})

describe('a stranger', () => {
  it.each([
    '10.0.0.1',
    '127.0.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '::1',
    'fd00::1',
    '::ffff:10.0.0.1',
    '100.64.0.1',
  ])('that resolves to %s is refused', async (address) => {
    const fetch = createGuardedFetch(resolving([address]))
    const call = fetch(
      new URL('https://blobs.example.net/'),
      { method: 'GET', headers: {}, redirect: 'manual', signal: AbortSignal.timeout(5000) },
      'stranger',
    )
    await expect(call).rejects.toMatchObject({ cause: { name: 'AddressRefused' } })
  })

  it('cannot be rebound: the address that was checked is the one that is used, and there is one look-up', async () => {
    const { host, close } = await aServer((_request, response) => void response.end('first'))
    const resolve = resolving(['127.0.0.1'], ['169.254.169.254'])
    const name = `rebind.example.com:${host.split(':')[1]}`
    const http = aHttp(resolve)
    const request = { url: new URL(`http://${name}/`), hosts: [name], plainHttp: true, retries: 0 }
    expect(await http(request)).toMatchObject({ ok: true })
    expect(resolve.asked).toBe(1)
    await close()
    // The connection is gone, the name now leads elsewhere: looked up again, refused.
    expect(await http(request).catch(() => http(request))).toMatchObject({
      ok: false,
      error: { reason: 'address-refused' },
    })
  })
})
