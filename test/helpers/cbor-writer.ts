/** Writes CBOR, independently of the library that reads it: the few kinds that COSE has. */

export class Tagged {
  readonly tag: number
  readonly value: unknown
  constructor(tag: number, value: unknown) {
    this.tag = tag
    this.value = value
  }
}

export function encode(value: unknown): Buffer {
  if (value instanceof Tagged) return Buffer.concat([head(6, value.tag), encode(value.value)])
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value])
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (typeof value === 'boolean') return Buffer.from([value ? 0xf5 : 0xf4])
  if (typeof value === 'number' && Number.isInteger(value)) return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9, 0xfb)
    bytes.writeDoubleBE(value, 1)
    return bytes
  }
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(encode)])
  if (value instanceof Map) {
    const pairs = [...(value as Map<unknown, unknown>)].map(([key, own]) => Buffer.concat([encode(key), encode(own)]))
    return Buffer.concat([head(5, pairs.length), ...pairs])
  }
  throw new Error(`no CBOR for ${String(value)}`)
}

function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value])
  if (value < 256) return Buffer.from([(major << 5) | 24, value])
  if (value < 65_536) return Buffer.from([(major << 5) | 25, value >> 8, value & 255])
  const bytes = Buffer.alloc(5)
  bytes[0] = (major << 5) | 26
  bytes.writeUInt32BE(value, 1)
  return bytes
}
