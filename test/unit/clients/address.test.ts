/** Addresses and names that nobody outside may make us call, in all the ways they can be written. */

import { describe, expect, it } from 'vitest'
import { kindOfAddress, kindOfHost } from '../../../src/clients/address.ts'
import { aWorld } from '../../helpers/hostile-registry.ts'

const V4 = {
  loopback: [
    '127.0.0.1',
    '127.0.0.2',
    '127.255.255.254',
    '127.1',
    '127.0.1',
    '0177.0.0.1',
    '0x7f.0.0.1',
    '0x7f000001',
    '2130706433',
    '017700000001',
    '①②⑦.0.0.1',
    '127.0.0.1.',
    '127。0。0。1',
    '%31%32%37.0.0.1',
    '0x7f.1',
    '127.000.000.001',
  ],
  private: [
    '10.0.0.1',
    '10.255.255.255',
    '0xa000001',
    '167772161',
    '012.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '192.168.255.255',
    '3232235777',
    '0xc0a80101',
    '192.168.257',
    '100.64.0.1',
    '100.127.255.255',
    '198.18.0.1',
    '198.19.255.255',
  ],
  'link-local': [
    '169.254.169.254',
    '169.254.0.1',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '169.254.43518',
    '168.63.129.16',
    '100.100.100.200',
    '169.254.170.2',
  ],
  reserved: [
    '0.0.0.0',
    '0',
    '0.0.0.1',
    '192.0.0.1',
    '192.0.2.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '4294967295',
    '192.88.99.1',
  ],
} as const
const V6 = {
  loopback: [
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[0000:0000:0000:0000:0000:0000:0000:0001]',
    '[::ffff:7f00:1]',
    '[::ffff:127.0.0.1]',
    '[0:0:0:0:0:ffff:7f00:1]',
    '[::7f00:1]',
    '[::127.0.0.1]',
    '[::ffff:0:127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[64:ff9b::127.0.0.1]',
    '[64:ff9b:1::7f00:1]',
    '[2002:7f00:1::]',
  ],
  private: [
    '[fc00::1]',
    '[fd12:3456::1]',
    '[fdff:ffff::]',
    '[::ffff:10.0.0.1]',
    '[::ffff:a00:1]',
    '[::ffff:192.168.1.1]',
    '[64:ff9b::a00:1]',
    '[2002:a00:1::]',
    '[2002:c0a8:101::1]',
  ],
  'link-local': [
    '[fe80::1]',
    '[febf::1]',
    '[fec0::1]',
    '[fd00:ec2::254]',
    '[::ffff:a9fe:a9fe]',
    '[::ffff:169.254.169.254]',
    '[::a9fe:a9fe]',
    '[64:ff9b::a9fe:a9fe]',
    '[2002:a9fe:a9fe::]',
  ],
  reserved: [
    '[::]',
    '[::0]',
    '[0:0:0:0:0:0:0:0]',
    '[::ffff:0.0.0.0]',
    '[ff02::1]',
    '[ff0e::1]',
    '[2001:db8::1]',
    '[2001::1]',
    '[100::1]',
    '[4000::1]',
  ],
} as const
const NAMES = {
  loopback: [
    'localhost',
    'localhost.',
    'LOCALHOST',
    'LocalHost..',
    'foo.localhost',
    'foo.localhost.',
    'localhost.localdomain',
    'ⓛocalhost',
  ],
  private: [
    'metadata.google.internal',
    'metadata.google.internal.',
    'METADATA.google.internal',
    'metadata',
    'instance-data',
    'instance-data.ec2.internal',
    'kubernetes',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
    'registry.corp',
    'nas.home.arpa',
    'router.lan',
    'printer.local',
    '169.254.169.254.nip.io',
    '127.0.0.1.nip.io',
    '127-0-0-1.sslip.io',
    'a9fea9fe.nip.io',
    'localtest.me',
    'x.lvh.me',
    'vcap.me',
    'host.docker.internal',
    'gateway.docker.internal',
    'intranet',
  ],
} as const

const rows = [V4, V6, NAMES].flatMap((group) =>
  Object.entries(group).flatMap(([kind, hosts]) => hosts.map((host: string) => [host, kind] as const)),
)

describe('SSRF corpus (reliability §3)', () => {
  it('has more than a hundred addresses', () => {
    expect(rows.length).toBeGreaterThan(100)
  })

  it.each(rows)('%s is %s', (host, kind) => {
    expect(kindOfHost(new URL(`https://${host}/`).hostname)).toBe(kind)
  })

  it.each(rows)('a redirect to %s is not sent', async (host) => {
    const away = () =>
      new Response('', {
        status: 307,
        headers: {
          location: `https://${encodeURI(host).replaceAll('%5B', '[').replaceAll('%5D', ']').replaceAll('%25', '%')}/latest/meta-data/`,
        },
      })
    const world = aWorld({ 'reg.example.com': away })
    const url = new URL('https://reg.example.com/')
    const found = await world.http({ url, hosts: ['reg.example.com'], redirects: 'follow' })
    expect(found).toMatchObject({ ok: false, error: { reason: 'address-refused' } })
    expect(world.seen).toHaveLength(1)
  })

  it.each(['127.0.0.1', '[::1]', 'localhost', '10.0.0.1', 'registry.corp', '169.254.169.254', '[fd00:ec2::254]'])(
    '%s is called where the configuration names it',
    async (host) => {
      const world = aWorld({ [host]: () => new Response('') })
      expect(await world.http({ url: new URL(`https://${host}/`), hosts: [host] })).toMatchObject({ ok: true })
    },
  )

  it('a redirect to a configured host is no way round the list: its own address is still checked by name', async () => {
    const away = () => new Response('', { status: 307, headers: { location: 'https://2130706433/' } })
    const world = aWorld({ 'reg.example.com': away, '127.0.0.1': () => new Response('inside') })
    const url = new URL('https://reg.example.com/')
    expect(await world.http({ url, hosts: ['reg.example.com', '127.0.0.1:8080'], redirects: 'follow' })).toMatchObject({
      ok: false,
    })
    expect(world.seen).toHaveLength(1)
  })
})

it.each([
  'registry-1.docker.io',
  'production.cloudflare.docker.com',
  'ghcr.io',
  '8.8.8.8',
  '1.1.1.1',
  '172.15.255.255',
  '172.32.0.1',
  '100.63.255.255',
  '100.128.0.1',
  '169.253.255.255',
  '169.255.0.1',
  '11.0.0.1',
  '126.255.255.255',
  '128.0.0.1',
  '192.167.255.255',
  '192.169.0.1',
  '223.255.255.255',
  '[2600:1f18::1]',
  '[2a00:1450:4001::1]',
  '[::ffff:8.8.8.8]',
  'internal.example.com',
  'local.example.com',
  'notlocalhost.example',
  'svc.example.com',
  'mynip.io',
])('%s is public', (host) => {
  expect(kindOfHost(new URL(`https://${host}/`).hostname)).toBe('public')
})

it.each([
  '',
  'x',
  '1.2.3',
  '1.2.3.4.5',
  '256.1.1.1',
  '1.2.3.-4',
  ':::',
  '1:2',
  '::1::',
  'g::1',
  '1:2:3:4:5:6:7:8:9',
  '12345::',
])('an address that cannot be read (%j) is reserved', (address) => {
  expect(kindOfAddress(address)).toBe('reserved')
})

it('an address with a zone is what it is without', () => {
  expect(kindOfAddress('fe80::1%eth0')).toBe('link-local')
})
