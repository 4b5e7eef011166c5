/** Writes DER: just what certificates and timestamps are made of. */

export type Der = Buffer

export function tagged(tag: number, ...parts: readonly Uint8Array[]): Der {
  const value = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag, ...lengthOf(value.length)]), value])
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length]
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return [0x80 + bytes.length, ...bytes]
}

export const sequence = (...parts: readonly Uint8Array[]): Der => tagged(0x30, ...parts)
export const set = (...parts: readonly Uint8Array[]): Der => tagged(0x31, ...parts)
export const octets = (...parts: readonly Uint8Array[]): Der => tagged(0x04, ...parts)
export const bits = (bytes: Uint8Array, unused = 0): Der => tagged(0x03, Buffer.from([unused]), bytes)
export const utf8 = (text: string): Der => tagged(0x0c, Buffer.from(text))
export const boolean = (value: boolean): Der => tagged(0x01, Buffer.from([value ? 0xff : 0]))
/** `[number]`, constructed. */
export const context = (number: number, ...parts: readonly Uint8Array[]): Der => tagged(0xa0 + number, ...parts)
export const time = (at: Date): Der =>
  tagged(0x18, Buffer.from(`${at.toISOString().replaceAll(/[-:T]/gu, '').slice(0, 14)}Z`))

/** Not negative. */
export function integer(value: number | Uint8Array): Der {
  const bytes = typeof value === 'number' ? Buffer.from([value]) : Buffer.from(value)
  return tagged(0x02, (bytes[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.from([0]), bytes]) : bytes)
}

export function oid(text: string): Der {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(value: number): number[] {
  const bytes = [value % 128]
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) bytes.unshift(128 + (left % 128))
  return bytes
}

/** A name of one organisation and one common name. */
export function name(organisation: string, common: string): Der {
  const part = (id: string, text: string): Der => set(sequence(oid(id), utf8(text)))
  return sequence(part('2.5.4.10', organisation), part('2.5.4.3', common))
}

export function pem(label: 'CERTIFICATE' | 'PUBLIC KEY', der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/gu) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
