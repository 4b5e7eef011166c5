/** Credentials of registries by what the configuration says under `pull:`; fetched when they are first used, kept until shortly before their end. */

import type { PullCredential } from '../../domain/config.ts'
import { RetryLater } from '../../domain/retry.ts'
import type { Secret, SecretReference } from '../../domain/secret.ts'
import type { CreateEcr, EcrTools } from '../aws/ecr.ts'
import type { Access, Credential } from '../registry/access.ts'
import { createAwsCredential } from './aws.ts'
import { createAzureCredential } from './azure.ts'
import { loginIn } from './docker-config.ts'
import { createGoogleCredential } from './google.ts'

/** What the platform gives. */
export type CredentialTools = EcrTools & {
  readonly secretOf: (reference: SecretReference) => Secret
  readonly createEcr: CreateEcr
}

/** `refused`: what the registry would not take. Throws `RetryLater` with what is wrong and what to do, where there is none now. */
export type CredentialOf = (refused?: Credential) => Promise<Credential>

export function createCredential(
  pull: PullCredential,
  access: Pick<Access, 'registry' | 'apiHost' | 'plainHttp'>,
  tools: CredentialTools,
): CredentialOf {
  const { registry } = access
  if ('username' in pull) {
    const read = tools.secretOf(pull.password)
    return async () => ({ kind: 'password', username: pull.username, password: (await read())[0] })
  }
  if ('dockerConfig' in pull) return fromDockerConfig(tools.secretOf(pull.dockerConfig), registry)
  if ('aws' in pull) return saying(registry, REMEDIES.aws, createAwsCredential(pull.aws, registry, tools))
  if ('google' in pull) return saying(registry, REMEDIES.google, createGoogleCredential(pull.google, tools))
  return saying(registry, REMEDIES.azure, createAzureCredential(pull.azure, access, tools))
}

const REMEDIES = {
  aws: 'The keys or role need ecr:GetAuthorizationToken (the public gallery: ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken), the role must trust the keys, and this clock must be right',
  google:
    'The account needs roles/artifactregistry.reader, its key or federation must not be revoked, and this clock must be right',
  azure: "The identity needs the registry's role AcrPull, and its secret or federation must not be expired",
} as const

/** With the registry's name before what went wrong, and what to do after it. */
function saying(registry: string, remedy: string, credential: CredentialOf): CredentialOf {
  return async (refused) => {
    try {
      return await credential(refused)
    } catch (error) {
      const what = error instanceof Error ? error.message : 'unknown failure'
      const retryAfterMs = error instanceof RetryLater ? error.retryAfterMs : undefined
      throw new RetryLater(`no credentials for ${registry}: ${what}. ${remedy}`, { retryAfterMs })
    }
  }
}

function fromDockerConfig(read: Secret, registry: string): CredentialOf {
  return async () => {
    const login = loginIn((await read())[0], registry)
    if (login.ok) return login.value
    throw new RetryLater(`no credentials for ${registry}: of dockerConfig, ${login.error}`)
  }
}
