/** DER as certificates, timestamps and revocation lists are written in it: read strictly, by reference into the bytes, with bounds. */

export type Bytes = Uint8Array<ArrayBuffer>

/** A list of revoked certificates has many; each is an element of this list alone. */
const ELEMENTS_MAX = 500_000

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  enumerated: 0x0a,
  utf8: 0x0c,
  printable: 0x13,
  teletex: 0x14,
  ia5: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmp: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

/** `[n]`, holding other elements. */
export function context(number: number): number {
  return 0xa0 + number
}

/** `[n]`, holding a value itself. */
export function contextValue(number: number): number {
  return 0x80 + number
}

/** Thrown inside of readers alone, and caught by `readDer`. */
class Malformed extends Error {}

export type Element = {
  readonly tag: number
  /** With tag and length: what is signed or hashed. */
  readonly raw: Bytes
  readonly content: Bytes
}

/** What `read` makes of the bytes; null where they are not what it reads. */
export function readDer<T>(bytes: Bytes, read: (root: Element) => T): T | null {
  try {
    const root = elementAt(bytes, 0)
    return root.raw.length === bytes.length ? read(root) : null
  } catch (error) {
    if (error instanceof Malformed) return null
    throw error
  }
}

export function malformed(what: string): never {
  throw new Malformed(what)
}

/** The elements in one, in order. */
export function childrenOf(parent: Element): readonly Element[] {
  if ((parent.tag & 0x20) === 0) return malformed('no list')
  const children: Element[] = []
  for (let at = 0; at < parent.content.length;) {
    if (children.length >= ELEMENTS_MAX) return malformed('too many elements')
    const child = elementAt(parent.content, at)
    children.push(child)
    at += child.raw.length
  }
  return children
}

export function expectTag(element: Element | undefined, tag: number): Element {
  return element?.tag === tag ? element : malformed(`expected the tag ${tag}`)
}

/** The elements of a sequence. */
export function sequenceOf(element: Element | undefined): readonly Element[] {
  return childrenOf(expectTag(element, TAG.sequence))
}

/** The one element in another. */
export function onlyChild(element: Element): Element {
  const [first, ...others] = childrenOf(element)
  return first !== undefined && others.length === 0 ? first : malformed('expected one element')
}

/** Of a list, without reading the others. */
export function firstChild(element: Element): Element {
  return elementAt(element.content, 0)
}

/** The element whose bytes are the content of another. */
export function elementIn(content: Bytes): Element {
  const element = elementAt(content, 0)
  return element.raw.length === content.length ? element : malformed('more than one element')
}

function elementAt(bytes: Bytes, start: number): Element {
  const tag = bytes[start]
  const first = bytes[start + 1]
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f || tag === 0) return malformed('no element')
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f
  if (first === 0x80 || lengthBytes > 4) return malformed('an indefinite or absurd length')
  let length = lengthBytes === 0 ? first : 0
  for (let index = 0; index < lengthBytes; index += 1) length = length * 256 + (bytes[start + 2 + index] ?? 0)
  // The shortest form is the only one: two spellings of one thing would be two hashes.
  if (lengthBytes > 0 && length < (lengthBytes === 1 ? 0x80 : 256 ** (lengthBytes - 1)))
    return malformed('a long length')
  const content = start + 2 + lengthBytes
  if (content + length > bytes.length) return malformed('cut off')
  return {
    tag,
    raw: bytes.subarray(start, content + length),
    content: bytes.subarray(content, content + length),
  }
}

export function oidOf(element: Element | undefined): string {
  const { content } = expectTag(element, TAG.oid)
  const arcs: bigint[] = []
  let value = 0n
  for (const [at, byte] of content.entries()) {
    value = (value << 7n) + BigInt(byte & 0x7f)
    if (byte < 0x80) {
      arcs.push(value)
      value = 0n
    } else if (at === content.length - 1 || at > 64) return malformed('an unfinished identifier')
  }
  const [head, ...rest] = arcs
  if (head === undefined) return malformed('an empty identifier')
  const top = head < 40n ? 0n : head < 80n ? 1n : 2n
  return [top, head - top * 40n, ...rest].join('.')
}

export function booleanOf(element: Element | undefined): boolean {
  const { content } = expectTag(element, TAG.boolean)
  const [value] = content
  if (content.length !== 1 || (value !== 0x00 && value !== 0xff)) return malformed('no boolean')
  return value === 0xff
}

/** Small ones alone: path lengths, seconds, reasons. */
export function smallIntegerOf(element: Element | undefined, tag: number = TAG.integer): number {
  const { content } = expectTag(element, tag)
  const [first] = content
  if (first === undefined || content.length > 4 || first > 0x7f) return malformed('no small number')
  return content.reduce((sum, byte) => sum * 256 + byte, 0)
}

/** Bit 0 first, as standards count them. */
export function bitsOf(element: Element | undefined): readonly boolean[] {
  const { content } = expectTag(element, TAG.bitString)
  const [unused, ...bytes] = content
  if (unused === undefined || unused > 7 || (bytes.length === 0 && unused > 0)) return malformed('no bits')
  const bits = bytes.flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => ((byte >> bit) & 1) === 1))
  return bits.slice(0, bits.length - unused)
}

/** A signature or a key: a bit string of whole bytes. */
export function bitStringBytes(element: Element | undefined): Bytes {
  const { content } = expectTag(element, TAG.bitString)
  return content[0] === 0 ? content.subarray(1) : malformed('a bit string of broken bytes')
}

const UTC_TIME = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/u
const GENERALIZED_TIME = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\.\d{1,9})?Z$/u

/** Epoch milliseconds. A fraction is allowed where timestamps have one. */
export function timeOf(element: Element | undefined): number {
  const { tag, content } = element ?? malformed('no time')
  const text = latin1(content)
  const match = (tag === TAG.utcTime ? UTC_TIME : tag === TAG.generalizedTime ? GENERALIZED_TIME : null)?.exec(text)
  if (match === null || match === undefined) return malformed('no time')
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '', fraction = ''] = match
  // RFC 5280: two digits are of 1950 to 2049.
  const full = tag === TAG.utcTime ? `${Number(year) >= 50 ? '19' : '20'}${year}` : year
  const date = `${full}-${month}-${day}T${hour}:${minute}:${second}`
  const time = Date.parse(`${date}Z`)
  // 31 February becomes March: what comes back must be what was written.
  if (Number.isNaN(time) || !new Date(time).toISOString().startsWith(date)) return malformed('no time')
  return time + Math.trunc(Number(`0${fraction}`) * 1000)
}

export function latin1(bytes: Bytes): string {
  return Array.from(bytes, (byte) => String.fromCodePoint(byte)).join('')
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at])
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** One element: for the few things that we write ourselves. */
export function encodeDer(tag: number, ...contents: readonly Uint8Array[]): Bytes {
  const length = contents.reduce((sum, content) => sum + content.length, 0)
  const lengthBytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) lengthBytes.unshift(rest % 256)
  const head = length < 0x80 ? [tag, length] : [tag, 0x80 + lengthBytes.length, ...lengthBytes]
  const bytes = new Uint8Array(head.length + length)
  bytes.set(head)
  let at = head.length
  for (const content of contents) {
    bytes.set(content, at)
    at += content.length
  }
  return bytes
}
