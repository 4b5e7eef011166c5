/** The wire to a managed cluster by HTTP alone, for Workers: a VPC service brings the cluster's CA, the cloud its token. */

import type { Http } from '../http.ts'
import { createHttpTransport } from '../kubernetes-http.ts'
import type { Send } from '../kubernetes.ts'
import type { AccessOf } from './access.ts'

/** `http` goes through the VPC service; what asks the cloud does not. */
export function createAccessTransport(access: AccessOf, http: Http): Send {
  return async (request) => {
    const { server, token } = await access()
    const secretOf = () => async () => [token] as const
    return createHttpTransport({ server, token: 'env:ACCESS' }, { http, secretOf })(request)
  }
}
