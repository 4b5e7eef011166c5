/** What must hold before a stage gets a candidate, resolved; each gate says why it waits. */

import * as z from 'zod'

const LIST_MAX = 64
const NAME_LENGTH_MAX = 128
const TEXT_LENGTH_MAX = 1_024

/** A span of time in milliseconds. */
const Span = z.number().int().positive()
const Minute = z
  .number()
  .int()
  .min(0)
  .max(24 * 60)

/** 0 is Sunday, as JavaScript counts. */
export const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const

/** A part of the week, or of the calendar; days and hours are those of the gate's time zone. */
export const Slot = z.object({
  days: z.array(z.number().int().min(0).max(6)).max(7),
  /** Minutes from midnight; an end at or before the start is on the next day. Absent: the whole day. */
  hours: z.object({ from: Minute, to: Minute }).optional(),
  /** `2026-12-24`, both inclusive. */
  dates: z.object({ from: z.iso.date(), to: z.iso.date() }).optional(),
  /** As it was written: for people. */
  text: z.string(),
})
export type Slot = Readonly<z.infer<typeof Slot>>

export const SoakGate = z.object({ kind: z.literal('soak'), ms: Span })
export type SoakGate = Readonly<z.infer<typeof SoakGate>>

/** Open where a slot of `allow` is (all of the time, if there is none) and no slot of `deny`. */
export const WindowGate = z.object({
  kind: z.literal('window'),
  allow: z.array(Slot).max(LIST_MAX),
  deny: z.array(Slot).max(LIST_MAX),
  timezone: z.string().max(NAME_LENGTH_MAX),
})
export type WindowGate = Readonly<z.infer<typeof WindowGate>>

const Voters = z.array(z.string().min(1).max(NAME_LENGTH_MAX)).min(1).max(LIST_MAX)

export const ApprovalGate = z.object({
  kind: z.literal('approval'),
  /** People, and groups as the chat knows them (`S0RELMGRS`): nobody else counts. */
  from: Voters,
  votes: z.number().int().min(1).max(LIST_MAX),
  /** "Two, at least one from security". */
  atLeast: z.array(z.object({ from: Voters, votes: z.number().int().min(1).max(LIST_MAX) })).max(LIST_MAX),
  /** So many of the votes come another way than by chat, so that its secrets alone make no quorum. */
  otherWays: z.number().int().min(0).max(LIST_MAX),
  /** From the moment that it was asked for. */
  expires: Span,
  /** Where it is asked; absent: only through the API. */
  slack: z.string().max(NAME_LENGTH_MAX).optional(),
})
export type ApprovalGate = Readonly<z.infer<typeof ApprovalGate>>

const Every = { name: z.string().max(NAME_LENGTH_MAX), every: Span, within: Span }
export const CheckGate = z.object({
  kind: z.literal('check'),
  ...Every,
  how: z.discriminatedUnion('by', [
    z.object({ by: z.literal('http'), url: z.string().max(TEXT_LENGTH_MAX), status: z.number().int() }),
    z.object({
      by: z.literal('prometheus'),
      url: z.string().max(TEXT_LENGTH_MAX),
      query: z.string().max(TEXT_LENGTH_MAX),
      is: z.enum(['<', '<=', '>', '>=', '==']),
      value: z.number(),
    }),
    /** A check of that name on the verified source commit. Null: in the source repository of the subscription. */
    z.object({
      by: z.literal('github'),
      repository: z
        .string()
        .max(NAME_LENGTH_MAX * 2)
        .nullable(),
      check: z.string().max(TEXT_LENGTH_MAX),
    }),
    /** Told through the API: `drayage report`. */
    z.object({ by: z.literal('report') }),
  ]),
})
export type CheckGate = Readonly<z.infer<typeof CheckGate>>

/** At most so many changes of the stage within the span. */
export const BudgetGate = z.object({
  kind: z.literal('budget'),
  changes: z.number().int().min(1).max(1_000),
  per: Span,
})
export type BudgetGate = Readonly<z.infer<typeof BudgetGate>>

/** Nothing goes there until the line is taken out of the configuration. */
export const HoldGate = z.object({ kind: z.literal('hold'), reason: z.string().min(1).max(TEXT_LENGTH_MAX) })
export type HoldGate = Readonly<z.infer<typeof HoldGate>>

export const Gate = z.discriminatedUnion('kind', [SoakGate, WindowGate, ApprovalGate, CheckGate, BudgetGate, HoldGate])
export type Gate = Readonly<z.infer<typeof Gate>>

/** What a gate says now. `until`: when asking again is worth it; absent: something has to happen. */
export const GateState = z.object({
  gate: z.string(),
  state: z.enum(['held', 'waiting', 'failed']),
  detail: z.string(),
  until: z.number().int().optional(),
})
export type GateState = Readonly<z.infer<typeof GateState>>
