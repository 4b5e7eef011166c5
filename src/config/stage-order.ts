/** Stages in order: each after all that it waits for, otherwise as they are written. */

import { err, ok, type Result } from '../domain/result.ts'

export type Waits = ReadonlyMap<string, readonly string[]>

/** The order, or one circle: `prod → dev → prod`. A name that is no stage is passed over. */
export function stageOrder(waits: Waits): Result<readonly string[], readonly string[]> {
  const done = new Set<string>()
  for (const name of waits.keys()) {
    const circle = visit(name, waits, done, [])
    if (circle !== null) return err(circle)
  }
  return ok([...done])
}

function visit(name: string, waits: Waits, done: Set<string>, above: readonly string[]): readonly string[] | null {
  if (done.has(name)) return null
  if (above.includes(name)) return [...above.slice(above.indexOf(name)), name]
  for (const before of waits.get(name) ?? []) {
    if (!waits.has(before)) continue
    const circle = visit(before, waits, done, [...above, name])
    if (circle !== null) return circle
  }
  done.add(name)
  return null
}
