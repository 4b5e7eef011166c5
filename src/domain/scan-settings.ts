/** Which scanner looks at a registry's images, and what has to be said to ask it. */

import * as z from 'zod'
import { SecretReference } from './secret.ts'

const SUBSCRIPTIONS_MAX = 64

/** Those that need nothing said: by the same credentials as `pull:`. */
export const SCANNERS_BY_NAME = ['ecr', 'inspector2', 'harbor', 'quay'] as const

export const ScanSettings = z.union(
  [
    z.enum(SCANNERS_BY_NAME),
    z.strictObject({
      'artifact-analysis': z
        .strictObject({
          project: z
            .string()
            .regex(/^[a-z][a-z0-9.:-]{4,62}[a-z0-9]$/u, "expected a project's id")
            .describe('The project whose Artifact Analysis scans the registry.'),
        })
        .describe("Google's Artifact Analysis, by the account of `pull: google`."),
    }),
    z.strictObject({
      defender: z
        .strictObject({
          subscriptions: z
            .array(z.guid('expected a subscription: a GUID'))
            .min(1)
            .max(SUBSCRIPTIONS_MAX)
            .describe('The Azure subscriptions that Defender for Cloud watches.'),
        })
        .describe(
          'Microsoft Defender for Cloud, by the identity of `pull: azure`. It blocks what it knows to be bad, and proves nothing to be good.',
        ),
    }),
    z.strictObject({
      quay: z.strictObject({
        token: SecretReference.describe(
          'A reference to the token of an OAuth application that may read the repositories.',
        ),
      }),
    }),
  ],
  { error: 'expected ecr, inspector2, harbor, quay, artifact-analysis: or defender:' },
)
export type ScanSettings = Readonly<z.infer<typeof ScanSettings>>
