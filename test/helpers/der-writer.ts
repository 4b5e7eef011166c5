/** Writes DER, independently of the code that reads it. */

export type Der = Buffer

export function tlv(tag: number, ...contents: readonly Uint8Array[]): Der {
  const body = Buffer.concat(contents)
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body])
  const hex = body.length.toString(16)
  const length = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body])
}

export const sequence = (...contents: readonly Uint8Array[]): Der => tlv(0x30, ...contents)
export const set = (...contents: readonly Uint8Array[]): Der => tlv(0x31, ...contents)
export const octets = (content: Uint8Array): Der => tlv(0x04, content)
export const explicit = (number: number, ...contents: readonly Uint8Array[]): Der => tlv(0xa0 + number, ...contents)
export const bits = (content: Uint8Array, unused = 0): Der => tlv(0x03, Buffer.from([unused]), content)
export const boolean = (value: boolean): Der => tlv(0x01, Buffer.from([value ? 0xff : 0]))
export const nil = Buffer.from([0x05, 0x00])

export function integer(value: number | bigint | Uint8Array): Der {
  if (typeof value === 'object') return tlv(0x02, value)
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return tlv(0x02, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes)
}

export function oid(text: string): Der {
  const [first = 0n, second = 0n, ...rest] = text.split('.').map(BigInt)
  const arcs = [first * 40n + second, ...rest].flatMap((arc) => {
    const groups = [Number(arc & 0x7fn)]
    for (let left = arc >> 7n; left > 0n; left >>= 7n) groups.unshift(Number(left & 0x7fn) | 0x80)
    return groups
  })
  return tlv(0x06, Buffer.from(arcs))
}

export function generalizedTime(at: number): Der {
  return tlv(0x18, Buffer.from(`${new Date(at).toISOString().replaceAll(/[-:T]|\.\d{3}Z/gu, '')}Z`))
}
