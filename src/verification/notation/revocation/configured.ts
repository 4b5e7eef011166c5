/** Both ways to ask about revocation, by the means of the platform; nothing is fetched before the first question. */

import { createAwsKeys } from '../../../clients/registry-credentials/aws.ts'
import type { CredentialTools } from '../../../clients/registry-credentials/index.ts'
import type { NotationSigner } from '../../../domain/signer.ts'
import type { RevocationCheck } from '../notation.ts'
import { createAwsSignerRevocation } from './aws-signer.ts'
import { createNetworkRevocation } from './network.ts'

export function createRevocationChecks(
  tools: CredentialTools,
): Readonly<Record<NotationSigner['revocation'], RevocationCheck>> {
  const { http, now } = tools
  const randomBytes = (count: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(count))
  return {
    network: createNetworkRevocation({ http, randomBytes }),
    // By the process's own keys: its role needs `signer:GetRevocationStatus`.
    'aws-signer': createAwsSignerRevocation({ http, now, credentials: createAwsKeys({}, '', tools) }),
  }
}
