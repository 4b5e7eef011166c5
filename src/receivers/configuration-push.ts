/**
 * Word that the repository of the configuration has changed: GitHub's `push`, signed over the body. It only wakes a read:
 * whatever it says of the content is not looked at. https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
 */

import * as z from 'zod'
import { ok } from '../domain/result.ts'
import type { Secret } from '../domain/secret.ts'
import { readBody } from './body.ts'
import { verifyHmac, type HmacScheme } from './credential.ts'
import type { Receiver } from './receiver.ts'

const SIGNATURE: HmacScheme = { header: 'x-hub-signature-256', hash: 'SHA-256', encoding: 'hex', prefix: 'sha256=' }
const TEXT_LENGTH_MAX = 1024

/** GitHub's first words have a `zen` and no `ref`. */
const Payload = z.object({
  ref: z.string().max(TEXT_LENGTH_MAX).optional(),
  zen: z.string().max(TEXT_LENGTH_MAX).optional(),
})

export type PushOptions = {
  readonly secret: Secret
  readonly branch: string
  /** Durable when it resolves, or made good by the sweep. Throws where later may help. */
  readonly wake: () => Promise<void>
}

/** `ping` is what is taken as a reason to look; pushes to other branches are `ignored`. */
export function createConfigurationPush({ secret, branch, wake }: PushOptions): Receiver {
  return {
    sender: 'default',
    async authenticate(request, { isHmac }) {
      const proven = await verifyHmac(request, SIGNATURE, secret, isHmac)
      return proven.ok ? ok({ assurance: 'signed-body', secret: proven.value }) : proven
    },
    parse(request) {
      const payload = readBody(request, Payload)
      if (!payload.ok) return payload
      const { ref, zen } = payload.value
      if (ref === `refs/heads/${branch}` || (ref === undefined && zen !== undefined)) return ok({ outcome: 'ping' })
      return ok({ outcome: 'ignored', reason: 'other-action' })
    },
    async confirm(received) {
      if (received.outcome === 'ping') await wake()
      return received
    },
  }
}
