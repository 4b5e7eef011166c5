/** What must be proven of an image at a stage, resolved: every requirement must hold. `none` has to be written out. */

import * as z from 'zod'
import type { ImageRules } from './image-rules.ts'
import { Severity } from './evidence.ts'

const LIST_MAX = 64
const TEXT_LENGTH_MAX = 1_024

const Text = z.string().min(1).max(TEXT_LENGTH_MAX)
/** A span of time in milliseconds. */
const Span = z.number().int().positive()
const Bound = z.number().int().min(0)

/** Names of `signers:`; of them `atLeast` different ones. */
const bySigners = {
  anyOf: z.array(z.string()).min(1).max(LIST_MAX),
  atLeast: z.number().int().min(1).max(LIST_MAX),
}

export const SignatureRule = z.object({ kind: z.literal('signature'), ...bySigners })
export type SignatureRule = Readonly<z.infer<typeof SignatureRule>>

/** One test of a field of a predicate; a missing field makes it false. */
export const FieldCondition = z.object({
  /** `buildDefinition.buildType`, `resolvedDependencies[0].uri`. */
  field: Text,
  is: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('equals'), value: z.union([z.string(), z.number(), z.boolean()]) }),
    z.object({ kind: z.literal('one-of'), values: z.array(z.union([z.string(), z.number(), z.boolean()])).min(1) }),
    /** Anchored, linear time. */
    z.object({ kind: z.literal('matches'), pattern: Text }),
    z.object({ kind: z.literal('at-least'), value: z.number() }),
    z.object({ kind: z.literal('at-most'), value: z.number() }),
    z.object({ kind: z.literal('exists') }),
  ]),
})
export type FieldCondition = Readonly<z.infer<typeof FieldCondition>>

export const AttestationRule = z.object({
  kind: z.literal('attestation'),
  ...bySigners,
  /** As it was written: for people. */
  name: z.string(),
  /** Any of these; one that ends in `*` is a prefix. */
  types: z.array(Text).min(1).max(LIST_MAX),
  where: z.array(FieldCondition).max(LIST_MAX),
  /** From verified time. */
  maxAge: Span.optional(),
})
export type AttestationRule = Readonly<z.infer<typeof AttestationRule>>

/** A finding that does not count, until then. */
export const ScanException = z.object({ id: Text, until: z.number().int(), reason: Text })
export type ScanException = Readonly<z.infer<typeof ScanException>>

export const ScanRule = z.object({
  kind: z.literal('scan'),
  /** A severity that is not named has no limit. */
  maximum: z.partialRecord(Severity, Bound),
  /** Only findings that have a fix count. */
  fixableOnly: z.boolean(),
  except: z.array(ScanException).max(1_000),
  /** The scan, and its database, at most so old. */
  newerThan: Span.optional(),
  databaseNewerThan: Span.optional(),
  /** Sources that count, such as `ecr` or `attestation`; absent: all that are configured. */
  from: z.array(z.string()).max(LIST_MAX).optional(),
  /** Signed reports count when one of these signed them. */
  signers: z.array(z.string()).max(LIST_MAX),
  /** Signers whose VEX statements subtract. */
  vex: z.array(z.string()).max(LIST_MAX),
  /** What the scanner cannot read (scratch, Windows) passes: written out, never a default. */
  allowUnsupported: z.boolean(),
  /** Only these platforms of an index; absent: all. */
  platforms: z.array(z.string()).max(LIST_MAX).optional(),
})
export type ScanRule = Readonly<z.infer<typeof ScanRule>>

/** Signed, and for this: the verified provenance names the source repository, and the tag is what was built from it. */
export const SourceRule = z.object({
  kind: z.literal('source'),
  ...bySigners,
  /** `https://github.com/acme/payments`, as verified. */
  repository: Text.optional(),
  /**
   * `git-tag`: the tag is the Git tag (`v` before it or not). `commit`: it names the commit. `auto`: it ends in a hash that is the
   * commit's, or else it is the Git tag.
   */
  tag: z.enum(['git-tag', 'commit', 'auto']).optional(),
  /** The build is not older than that of what runs there. */
  notOlder: z.boolean(),
})
export type SourceRule = Readonly<z.infer<typeof SourceRule>>

export const ImageRule = z.object({
  kind: z.literal('image'),
  /** Resolved; checked where the configuration is read. */
  rules: z.custom<ImageRules>((value) => typeof value === 'object' && value !== null),
})
export type ImageRule = Readonly<z.infer<typeof ImageRule>>

export const Requirement = z.discriminatedUnion('kind', [
  SignatureRule,
  AttestationRule,
  ScanRule,
  SourceRule,
  ImageRule,
])
export type Requirement = Readonly<z.infer<typeof Requirement>>

export const Policy = z.object({
  require: z.array(Requirement),
  /** How long a signature or a scan may still come, from the promotion's beginning. */
  wait: z.number().int().min(0),
  /** A verdict older than this is no ground to act on: it is taken again right before. */
  fresh: Span,
  /** What was denied is looked at again when something new is said of it. */
  reconsider: z.boolean(),
})
export type Policy = Readonly<z.infer<typeof Policy>>

/** `none` is shown wherever the image is. */
export const VerificationPolicy = z.union([z.literal('none'), Policy])
export type VerificationPolicy = Readonly<z.infer<typeof VerificationPolicy>>

/** After delivery: what scanners say, and nothing else. */
export function policyForListening(policy: Policy): Policy {
  return { ...policy, require: policy.require.filter(({ kind }) => kind === 'scan') }
}

/** Two people did not want to wait for a scanner; who signed it, and what it is, is asked as ever. */
export function policyForBreakGlass(policy: Policy): Policy {
  return { ...policy, require: policy.require.filter(({ kind }) => kind !== 'scan') }
}

/** A way back asks who signed, and neither for scans nor for ages: what ran well is there again sooner than a scanner answers. */
export function policyForRollback(policy: Policy): Policy {
  const require = policy.require.flatMap((one): Requirement[] => {
    switch (one.kind) {
      case 'signature':
        return [one]
      case 'attestation': {
        const { maxAge: _, ...rest } = one
        return [rest]
      }
      case 'source':
        return [{ ...one, notOlder: false }]
      case 'scan':
      case 'image':
        return []
    }
  })
  return { ...policy, require }
}
