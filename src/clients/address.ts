/** Which hosts are inside: addresses and names that nobody outside may make us call. Pure; names are not looked up here. */

export type AddressKind = 'public' | 'private' | 'loopback' | 'link-local' | 'reserved'

/** Thrown while connecting, so that `http.ts` can tell a refused address from a host that is down. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
}

type Range = readonly [network: string, bits: number, kind: AddressKind]

/** IANA's special-purpose registries. What is in no row is public (IPv4), or reserved unless in 2000::/3 (IPv6). */
const V4: readonly Range[] = [
  ['0.0.0.0', 8, 'reserved'],
  ['10.0.0.0', 8, 'private'],
  ['100.64.0.0', 10, 'private'],
  ['127.0.0.0', 8, 'loopback'],
  ['169.254.0.0', 16, 'link-local'],
  ['172.16.0.0', 12, 'private'],
  ['192.0.0.0', 24, 'reserved'],
  ['192.0.2.0', 24, 'reserved'],
  ['192.88.99.0', 24, 'reserved'],
  ['192.168.0.0', 16, 'private'],
  ['198.18.0.0', 15, 'private'],
  ['198.51.100.0', 24, 'reserved'],
  ['203.0.113.0', 24, 'reserved'],
  ['224.0.0.0', 3, 'reserved'],
  // Azure's and Alibaba's metadata services sit on addresses that look public or shared.
  ['168.63.129.16', 32, 'link-local'],
  ['100.100.100.200', 32, 'link-local'],
]
/** Names that mean this machine or its surroundings whatever a resolver says; `localhost` is loopback by RFC 6761. */
const INSIDE_SUFFIXES = ['internal', 'local', 'lan', 'home', 'corp', 'intranet', 'home.arpa', 'svc', 'onion', 'test']
/** Public names that resolve to whatever address stands in them. */
const REBINDING_SUFFIXES = ['nip.io', 'sslip.io', 'xip.io', 'localtest.me', 'lvh.me', 'vcap.me', 'lacolhost.com']

/**
 * Says where a URL's `hostname` leads. Give it the WHATWG-parsed one: the parser has then folded `0x7f000001`, `127.1` and
 * full-width digits. A name is `public` only as far as its spelling tells; `address-guard.ts` checks what it resolves to.
 */
export function kindOfHost(hostname: string): AddressKind {
  const host = hostname.toLowerCase().replace(/\.+$/u, '')
  if (host.startsWith('[')) return kindOfAddress(host.slice(1, -1))
  if (/^[0-9.]+$/u.test(host)) return kindOfAddress(host)
  const isUnder = (suffix: string): boolean => host === suffix || host.endsWith(`.${suffix}`)
  if (isUnder('localhost') || isUnder('localdomain')) return 'loopback'
  if (INSIDE_SUFFIXES.some(isUnder) || !host.includes('.')) return 'private'
  return REBINDING_SUFFIXES.some(isUnder) ? 'private' : 'public'
}

/** The same for an address as a resolver gives it, without brackets. What cannot be read is reserved. */
export function kindOfAddress(address: string): AddressKind {
  if (address.includes(':')) return kindOfV6(address)
  const bytes = bytesOfV4(address)
  return bytes === null ? 'reserved' : kindOfV4(bytes)
}

function kindOfV4(bytes: readonly number[]): AddressKind {
  const matching = V4.filter(([network, bits]) => numberOf(bytesOfV4(network) ?? []) === masked(numberOf(bytes), bits))
  return matching.toSorted((a, b) => b[1] - a[1])[0]?.[2] ?? 'public'
}

function kindOfV6(address: string): AddressKind {
  const groups = groupsOfV6(address)
  if (groups === null) return 'reserved'
  const [first = 0, second = 0] = groups
  const embedded = embeddedV4(groups)
  if (groups.slice(0, 7).every((group) => group === 0) && groups[7] === 1) return 'loopback'
  if (groups.every((group) => group === 0)) return 'reserved'
  if (embedded !== null) return kindOfV4(embedded)
  // AWS serves its metadata on fd00:ec2::254, inside the private fc00::/7.
  if (first === 0xfd00 && second === 0xec2) return 'link-local'
  if ((first & 0xfe00) === 0xfc00) return 'private'
  if ((first & 0xffc0) === 0xfe80 || (first & 0xffc0) === 0xfec0) return 'link-local'
  if (first === 0x2001 && (second === 0xdb8 || second < 0x200)) return 'reserved'
  return (first & 0xe000) === 0x2000 ? 'public' : 'reserved'
}

/** IPv4 inside IPv6: mapped, compatible, translated (also locally), NAT64 and 6to4 all reach the IPv4 address. */
function embeddedV4(groups: readonly number[]): readonly number[] | null {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups
  const last = [g >> 8, g & 255, h >> 8, h & 255]
  const isZero = a === 0 && b === 0 && c === 0 && d === 0
  if (isZero && e === 0 && (f === 0xffff || f === 0)) return last
  if (isZero && e === 0xffff && f === 0) return last
  if (a === 0x64 && b === 0xff9b) return last
  if (a === 0x2002) return [b >> 8, b & 255, c >> 8, c & 255]
  return null
}

function bytesOfV4(text: string): readonly number[] | null {
  const parts = text.split('.')
  const bytes = parts.map(Number)
  const isWhole = parts.length === 4 && parts.every((part) => /^[0-9]{1,3}$/u.test(part))
  return isWhole && bytes.every((byte) => byte < 256) ? bytes : null
}

function groupsOfV6(text: string): readonly number[] | null {
  const bare = text.replace(/%.*$/u, '')
  const dotted = /^(?<head>.*:)(?<tail>[0-9.]+)$/u.exec(bare)?.groups
  const tail = dotted && bytesOfV4(dotted['tail'] ?? '')
  const [t0 = 0, t1 = 0, t2 = 0, t3 = 0] = tail ?? []
  const hex = tail ? `${dotted?.['head']}${((t0 << 8) | t1).toString(16)}:${((t2 << 8) | t3).toString(16)}` : bare
  const halves = hex.split('::')
  const [left = [], right = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const missing = 8 - left.length - right.length
  if (halves.length > 2 || (halves.length === 2 ? missing < 1 : missing !== 0)) return null
  const all = [...left, ...Array.from({ length: missing }, () => '0'), ...right]
  return all.every((group) => /^[0-9a-f]{1,4}$/iu.test(group)) ? all.map((group) => Number.parseInt(group, 16)) : null
}

function numberOf(bytes: readonly number[]): number {
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0)
}

function masked(value: number, bits: number): number {
  const size = 2 ** (32 - bits)
  return Math.floor(value / size) * size
}
