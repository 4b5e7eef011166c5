/** Objects of the Kubernetes API: the few members that we read, and ways through the rest. */

import * as z from 'zod'
import type { FieldStep } from '../domain/field-path.ts'

/** Who set which fields, and how (structured-merge-diff's `fieldsV1`). */
const ManagedFields = z.object({
  manager: z.string().default(''),
  operation: z.string().default(''),
  subresource: z.string().default(''),
  time: z.string().default(''),
  fieldsV1: z.unknown().optional(),
})

const Texts = z.record(z.string(), z.string())

export const Metadata = z.object({
  name: z.string(),
  uid: z.string(),
  resourceVersion: z.string(),
  generation: z.number().int().default(0),
  creationTimestamp: z.string().default(''),
  deletionTimestamp: z.string().optional(),
  labels: Texts.default({}),
  /** Absent is told from empty: a JSON Patch has to create the map first. */
  annotations: Texts.optional(),
  managedFields: z.array(ManagedFields).default([]),
})
export type Metadata = Readonly<z.infer<typeof Metadata>>

export const KubernetesObject = z.looseObject({ metadata: Metadata })
export type KubernetesObject = Readonly<z.infer<typeof KubernetesObject>>

/** The value at the end of the steps; undefined where a step leads nowhere. */
export function valueAt(value: unknown, steps: readonly FieldStep[]): unknown {
  return steps.reduce<unknown>((at, step) => {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined
    return (at as Readonly<Record<FieldStep, unknown>>)[step]
  }, value)
}

/** A JSON Pointer (RFC 6901): `/` in a key is `~1`, `~` is `~0`. */
export function pointerOf(steps: readonly FieldStep[]): string {
  return steps.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** Text of a cluster or a pod on one line of at most `max` characters; where it is shown it is escaped for that place. */
export function oneLine(text: string, max: number): string {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
  return line.length <= max ? line : `${line.slice(0, max - 1)}…`
}
