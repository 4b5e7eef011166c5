/** Google's registries: an access token in place of a password. https://cloud.google.com/artifact-registry/docs/docker/authentication#token */

import type { GooglePull } from '../../domain/config.ts'
import type { Secret } from '../../domain/secret.ts'
import { createAwsCredentials } from '../aws/credential-chain.ts'
import { createGoogleToken } from '../google/token.ts'
import type { CredentialOf, CredentialTools } from './index.ts'

const USERNAME = 'oauth2accesstoken'
/** Where nobody says a region, for a federation from AWS. */
const AWS_REGION = 'us-east-1'

export function createGoogleCredential({ credentials }: GooglePull, tools: CredentialTools): CredentialOf {
  const { env, secretOf } = tools
  const region = env['AWS_REGION'] ?? AWS_REGION
  const metadata = env['GCE_METADATA_HOST'] ?? ''
  const token = createGoogleToken({
    ...tools,
    credentials: credentials === undefined ? fileOf(tools) : secretOf(credentials),
    aws: { region, credentials: createAwsCredentials({ ...tools, region }) },
    ...(metadata === '' ? {} : { endpoints: { metadata: new URL(`http://${metadata}`) } }),
  })
  return async (refused) => {
    const password = await token(refused?.kind === 'password' ? refused.password : undefined)
    return { kind: 'password', username: USERNAME, password }
  }
}

/** As Google's own libraries find it. */
function fileOf({ env, readFile }: CredentialTools): Secret | null {
  const path = env['GOOGLE_APPLICATION_CREDENTIALS'] ?? ''
  return path === '' ? null : async () => [await readFile(path)]
}
