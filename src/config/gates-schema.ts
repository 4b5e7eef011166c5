/** The shapes of a stage's `gates:`. */

import * as z from 'zod'
import { Duration } from '../domain/duration.ts'
import { GitHubName } from '../domain/source.ts'

const LIST_MAX = 64
const NAME_LENGTH_MAX = 128
const TEXT_LENGTH_MAX = 1_024

const Person = z.string().min(1).max(NAME_LENGTH_MAX)
const Slots = z.union(
  [z.string().max(TEXT_LENGTH_MAX), z.array(z.string().max(TEXT_LENGTH_MAX)).min(1).max(LIST_MAX)],
  {
    error: 'expected times, such as "Mon-Thu 09:00-16:00", or a list of them',
  },
)
const Votes = z.number().int().min(1).max(LIST_MAX)

const RawWindow = z.strictObject({
  allow: Slots.optional().describe(
    'When it may change: `Mon-Thu 09:00-16:00`, `Sat`, `22:00-04:00`. Left out: always.',
  ),
  deny: Slots.optional().describe(
    'When it may not, whatever `allow` says: `Fri 14:00-24:00`, `2026-12-24..2027-01-02`.',
  ),
  timezone: z.string().max(NAME_LENGTH_MAX).optional().describe('Whose clock counts: `Europe/Berlin`. Default `UTC`.'),
})

const RawApproval = z.strictObject({
  from: z
    .array(Person)
    .min(1)
    .max(LIST_MAX)
    .describe('Who may approve: people by name, `github:login`, groups by their id in the chat.'),
  votes: Votes.optional().describe('How many of them. Default 1.'),
  atLeast: z
    .array(
      z.strictObject({
        from: z.array(Person).min(1).max(LIST_MAX).describe('Of these.'),
        votes: Votes.optional().describe('Default 1.'),
      }),
    )
    .max(LIST_MAX)
    .optional()
    .describe('Of the votes, at least so many from these: `[{ from: [S0SECURITY] }]`.'),
  otherWays: z
    .number()
    .int()
    .min(0)
    .max(LIST_MAX)
    .optional()
    .describe(
      "So many of the votes come another way than by chat, so that the chat's secrets alone make no quorum. Default 0.",
    ),
  expires: Duration.optional().describe('How long is waited. Default `24h`.'),
  slack: Person.optional().describe('The channel in which it is asked.'),
})

const Comparison = z
  .string()
  .regex(/^(?:<|<=|>|>=|==) ?-?[0-9]{1,15}(?:\.[0-9]{1,9})?$/u, 'expected a comparison, such as "< 0.01"')
const Address = z
  .string()
  .max(TEXT_LENGTH_MAX)
  .regex(/^https?:\/\/[^\s\u0000-\u001f@]+$/u, 'expected a URL without a name or password in it')
const checked = {
  name: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u, 'expected a name of a-z 0-9 and -')
    .describe('What it is called.'),
  every: Duration.optional().describe('How often it is asked while the promotion waits. Default `30s`.'),
  within: Duration.optional().describe('No yes within this time is a no. Default `1h`.'),
}
const RawCheck = z.union(
  [
    z.strictObject({
      ...checked,
      http: Address.describe('Asked by GET.'),
      status: z.number().int().min(100).max(599).optional().describe('The status that is a yes. Default 200.'),
    }),
    z.strictObject({
      ...checked,
      prometheus: Address.describe('The address of a Prometheus.'),
      query: z
        .string()
        .min(1)
        .max(TEXT_LENGTH_MAX)
        .describe('A query with one number as its result; no result is no yes.'),
      is: Comparison.describe('What the number must be: `< 0.01`.'),
    }),
    z.strictObject({
      ...checked,
      github: z
        .union([z.literal('source'), GitHubName], { error: 'expected source, or owner/name' })
        .describe("The repository on GitHub, or `source`: the subscription's own."),
      check: z
        .string()
        .min(1)
        .max(NAME_LENGTH_MAX * 2)
        .describe('The name of a check run or commit status; it must have succeeded on the verified source commit.'),
    }),
    z.strictObject({ ...checked, report: z.literal(true).describe('A CI job tells it: `drayage report`.') }),
  ],
  { error: 'expected a check: name: and one of http:, prometheus:, github: or report: true' },
)

export const RawGate = z.union(
  [
    z.strictObject({
      soak: Duration.describe('How long the candidate must have been well at the stages before: `2h`.'),
    }),
    z.strictObject({ window: RawWindow.describe('When the stage may change.') }),
    z.strictObject({ approval: RawApproval.describe('Who must say yes.') }),
    z.strictObject({ check: RawCheck.describe('What outside must say yes.') }),
    z.strictObject({
      budget: z
        .strictObject({
          changes: z.number().int().min(1).max(1_000).describe('How many.'),
          per: Duration.optional().describe('Within which time. Default `1h`.'),
        })
        .describe('How many changes of the stage pass.'),
    }),
    z.strictObject({ hold: z.string().min(1).max(TEXT_LENGTH_MAX).describe('Nothing passes, for this reason.') }),
  ],
  { error: 'expected a gate: soak, window, approval, check, budget or hold' },
)
export type RawGate = z.infer<typeof RawGate>
