/** What a schema says at a path: for "did you mean", and to know that a secret belongs there. */

import * as z from 'zod'
import { SecretReference } from '../domain/secret.ts'
import type { Path } from './problem.ts'

/** The schemas that stand at a path; several where a union leaves it open. */
export function schemaAt(schema: z.core.$ZodType, path: Path): readonly z.core.$ZodType[] {
  const [first, ...rest] = path
  const bare = unwrap(schema)
  if (first === undefined) return [bare]
  return childrenOf(bare, first).flatMap((child) => schemaAt(child, rest))
}

/** The keys that a schema knows; none where it takes any name. */
export function knownKeys(schema: z.core.$ZodType): readonly string[] {
  const bare = unwrap(schema)
  if (bare instanceof z.ZodObject) return Object.keys(bare.shape)
  return optionsOf(bare).flatMap(knownKeys)
}

/** The branches of a union, or the schema alone. */
export function optionsOf(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  return schema instanceof z.ZodUnion ? schema.options : []
}

export function isSecretReference(schema: z.core.$ZodType): boolean {
  // `.describe()` makes another schema of the same definition.
  return schema._zod.def === SecretReference._zod.def || optionsOf(schema).some(isSecretReference)
}

function childrenOf(schema: z.core.$ZodType, part: string | number): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodObject) {
    const child: unknown = Object.hasOwn(schema.shape, part) ? schema.shape[part] : undefined
    return child instanceof z.ZodType ? [child] : []
  }
  if (schema instanceof z.ZodRecord) return [schema.valueType]
  if (schema instanceof z.ZodArray) return [schema.element]
  if (schema instanceof z.ZodTuple) {
    const item = schema.def.items[Number(part)] ?? schema.def.rest
    return item === null ? [] : [item]
  }
  return optionsOf(schema).flatMap((option) => childrenOf(unwrap(option), part))
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable) {
    return unwrap(schema.def.innerType)
  }
  return schema instanceof z.ZodPipe ? unwrap(schema.def.in) : schema
}
