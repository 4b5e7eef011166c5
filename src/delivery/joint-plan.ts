/** What one commit would change that brings several promotions: pure. One that cannot be brought changes nothing, and the others go on. */

import type { Fate } from '../domain/answer.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { Cargo, Cargos, DeliveryFailure } from './delivery.ts'
import { pathsOf, planEdits, type FileChange, type Plan } from './plan.ts'

/** The bytes of every target's file, or why they cannot be had. */
export type ReadFiles = ReadonlyMap<string, Result<Uint8Array, DeliveryFailure>>

/** One that comes along, and what stood at its first target until now. */
export type Aboard = { readonly cargo: Cargo; readonly found: string }
export type JointPlan = {
  readonly aboard: readonly Aboard[]
  readonly changes: readonly FileChange[]
  readonly fates: readonly Fate[]
}

/** Each upon what those before it made of the files. A cargo alone that cannot be brought is a failure of the whole. */
export function planTogether(cargos: Cargos, files: ReadFiles): Result<JointPlan, DeliveryFailure> {
  const texts = new Map<string, string>()
  const aboard: Aboard[] = []
  const fates: Fate[] = []
  for (const cargo of cargos) {
    const { promotion } = cargo
    const plan = planOne(cargo, files, texts)
    if (!plan.ok) {
      if (cargos.length === 1) return plan
      fates.push({ promotion, fate: 'stopped', ...plan.error })
      continue
    }
    const { changes, diff } = plan.value
    if (changes.length === 0) fates.push({ promotion, fate: 'there' })
    else {
      aboard.push({ cargo, found: foundAt(plan.value, cargo) })
      fates.push({ promotion, fate: 'aboard', diff })
    }
    for (const { file, text } of changes) texts.set(file, text)
  }
  return ok({ aboard, changes: [...texts].map(([file, text]) => ({ file, text })), fates })
}

/** One place tells of all where all take one image. */
function foundAt({ edits, found }: Plan, { targets }: Cargo): string {
  const isSeveral = targets.some(({ image }) => image !== undefined)
  return isSeveral ? [...new Set(edits.map((edit) => edit.found))].join(', ') : found
}

function planOne(
  cargo: Pick<Cargo, 'expected' | 'targets'> & Pick<Parameters<typeof planEdits>[0], 'wish'>,
  files: ReadFiles,
  texts: ReadonlyMap<string, string>,
): ReturnType<typeof planEdits> {
  const bytes = new Map<string, Uint8Array>()
  for (const path of pathsOf(cargo.targets)) {
    const text = texts.get(path)
    const file = text === undefined ? files.get(path) : ok(new TextEncoder().encode(text))
    if (file === undefined) return err({ reason: 'target-missing', detail: `${path} was not read` })
    if (!file.ok) return file
    bytes.set(path, file.value)
  }
  return planEdits(cargo, cargo.targets, bytes)
}

/** The same edits whatever stands there: for a commit that may be ours. Null: they cannot be made. */
export function planAgain(
  cargos: readonly Cargo[],
  wishOf: (cargo: Cargo) => Parameters<typeof planEdits>[0]['wish'],
  files: ReadFiles,
): readonly FileChange[] | null {
  const texts = new Map<string, string>()
  for (const cargo of cargos) {
    const plan = planOne({ ...cargo, wish: wishOf(cargo), expected: null }, files, texts)
    if (!plan.ok) return null
    for (const { file, text } of plan.value.changes) texts.set(file, text)
  }
  return [...texts].map(([file, text]) => ({ file, text }))
}

/** Each file once. */
export function pathsOfAll(cargos: readonly Cargo[]): readonly string[] {
  return [...new Set(cargos.flatMap(({ targets }) => pathsOf(targets)))]
}
