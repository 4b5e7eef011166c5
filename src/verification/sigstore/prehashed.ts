/**
 * Checks an ECDSA signature where only the digest of the signed bytes is known: no platform's API takes one. Verification alone, on
 * public values, so its time gives nothing away. SEC 1 §4.1.4; the curves' numbers are those of FIPS 186-4.
 */

/** Jacobian: the point is (x/z², y/z³). Null: the point at infinity. */
type Point = { readonly x: bigint; readonly y: bigint; readonly z: bigint } | null
type Curve = { readonly bytes: number; readonly p: bigint; readonly n: bigint; readonly b: bigint; readonly g: Point }

const P256: Curve = {
  bytes: 32,
  p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
  n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  g: {
    x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
    y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
    z: 1n,
  },
}

/** `key`: SPKI of a P-256 key; `digest`: SHA-256 of what was signed; `signature`: DER. */
export function isSignatureOverDigest(key: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
  const point = pointOf(key, P256)
  const values = valuesOf(signature)
  if (point === null || values === null || digest.length !== P256.bytes) return false
  const { n, g } = P256
  const { r, s } = values
  if (r < 1n || r >= n || s < 1n || s >= n) return false
  const inverse = invert(s, n)
  const [u1, u2] = [(numberOf(digest) * inverse) % n, (r * inverse) % n]
  const sum = sumOf(g, u1, point, u2, P256)
  return sum !== null && affineX(sum, P256) % n === r
}

/** An SPKI of this curve ends in 04 and both coordinates; only a point on the curve is a key. */
const SPKI_P256 = '3059301306072a8648ce3d020106082a8648ce3d030107034200'

function pointOf(key: Uint8Array, curve: Curve): Point {
  const start = SPKI_P256.length / 2
  if (hexOf(key.subarray(0, start)) !== SPKI_P256 || key.length !== start + 1 + 2 * curve.bytes || key[start] !== 4)
    return null
  const x = numberOf(key.subarray(start + 1, start + 1 + curve.bytes))
  const y = numberOf(key.subarray(start + 1 + curve.bytes))
  const isOnCurve = x < curve.p && y < curve.p && mod(y * y - (x * x * x - 3n * x + curve.b), curve.p) === 0n
  return isOnCurve ? { x, y, z: 1n } : null
}

/** Two integers in a sequence, each written one way only. */
function valuesOf(der: Uint8Array): { readonly r: bigint; readonly s: bigint } | null {
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || der.length > 72) return null
  const r = integerAt(der, 2)
  const s = r === null ? null : integerAt(der, r.end)
  return r === null || s === null || s.end !== der.length ? null : { r: r.value, s: s.value }
}

function integerAt(der: Uint8Array, at: number): { readonly value: bigint; readonly end: number } | null {
  const length = der[at + 1] ?? 0
  const bytes = der.subarray(at + 2, at + 2 + length)
  const [first = 0x80, second = 0] = bytes
  const isMinimal = first < 0x80 && (first !== 0 || length === 1 || second >= 0x80)
  if (der[at] !== 0x02 || length === 0 || bytes.length !== length || !isMinimal) return null
  return { value: numberOf(bytes), end: at + 2 + length }
}

/** u·g + v·q, both at once (Shamir's trick). */
function sumOf(g: Point, u: bigint, q: Point, v: bigint, curve: Curve): Point {
  const both = add(g, q, curve)
  let sum: Point = null
  for (let bit = curve.bytes * 8 - 1; bit >= 0; bit -= 1) {
    sum = double(sum, curve)
    const [inU, inV] = [((u >> BigInt(bit)) & 1n) === 1n, ((v >> BigInt(bit)) & 1n) === 1n]
    if (inU || inV) sum = add(sum, inU && inV ? both : inU ? g : q, curve)
  }
  return sum
}

/** "add-2007-bl", less its tricks. */
function add(a: Point, b: Point, curve: Curve): Point {
  if (a === null) return b
  if (b === null) return a
  const { p } = curve
  const [aa, bb] = [(a.z * a.z) % p, (b.z * b.z) % p]
  const [u1, u2] = [(a.x * bb) % p, (b.x * aa) % p]
  const [s1, s2] = [(a.y * bb * b.z) % p, (b.y * aa * a.z) % p]
  const [h, r] = [mod(u2 - u1, p), mod(s2 - s1, p)]
  if (h === 0n) return r === 0n ? double(a, curve) : null
  const hh = (h * h) % p
  const [hhh, v] = [(hh * h) % p, (u1 * hh) % p]
  const x = mod(r * r - hhh - 2n * v, p)
  return { x, y: mod(r * (v - x) - s1 * hhh, p), z: (h * a.z * b.z) % p }
}

/** "dbl-2001-b", for curves whose a is -3. */
function double(a: Point, { p }: Curve): Point {
  if (a === null || a.y === 0n) return null
  const [delta, gamma] = [(a.z * a.z) % p, (a.y * a.y) % p]
  const beta = (a.x * gamma) % p
  const alpha = mod(3n * (a.x - delta) * (a.x + delta), p)
  const x = mod(alpha * alpha - 8n * beta, p)
  const z = mod((a.y + a.z) ** 2n - gamma - delta, p)
  return { x, y: mod(alpha * (4n * beta - x) - 8n * gamma * gamma, p), z }
}

function affineX({ x, z }: NonNullable<Point>, { p }: Curve): bigint {
  const inverse = invert(z, p)
  return (x * inverse * inverse) % p
}

/** By Euclid's algorithm; `value` is in [1, modulus), which is prime. */
function invert(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value, modulus, 1n, 0n]
  while (a > 1n) {
    const quotient = b / a
    ;[a, b] = [b % a, a]
    ;[x, y] = [y - quotient * x, x]
  }
  return mod(x, modulus)
}

function mod(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus
  return rest < 0n ? rest + modulus : rest
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${hexOf(bytes)}`)
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
