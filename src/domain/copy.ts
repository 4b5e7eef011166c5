/** A copy of plain data that shares nothing with it: several times faster than `structuredClone`, which has to expect anything. */

/** Arrays, plain objects and values, without cycles: what JSON can say. */
export function copyOf<T>(value: T): T {
  return copied(value) as T
}

function copied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copied)
  // Spread first: a key such as `__proto__` stays a member, and is no setter.
  const copy: Record<string, unknown> = { ...value }
  for (const key in copy) {
    const member = copy[key]
    if (typeof member === 'object' && member !== null) copy[key] = copied(member)
  }
  return copy
}
