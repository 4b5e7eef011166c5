/**
 * Registries of the clouds with the services that give their credentials, as the vendors publish the protocols. Each checks what
 * it gets as the vendor does, gives credentials that end, and fails as it is told to.
 */

import { generateKeyPairSync } from 'node:crypto'
import { decodeJwt, importSPKI, jwtVerify, SignJWT } from 'jose'
import type { PullCredential } from '../../src/domain/config.ts'
import { aRegistry, CANARY, unauthorized, type Script, type Seen } from './hostile-registry.ts'
import { headerSignature, partsOf } from './sigv4.ts'

/** What the service that gives credentials does instead of giving them. */
export type Fault = 'wrong' | 'down' | 'throttled'
export type Account = {
  readonly host: string
  readonly pull: PullCredential
  readonly env?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
  readonly secrets?: Readonly<Record<string, string>>
  /** Hosts that may see anything secret: the registry and who gives its credentials. */
  readonly hosts: Readonly<Record<string, Script>>
  /** How often new credentials were given. */
  given(): number
  fault: Fault | null
  /** What was given by now is refused from now on. */
  revoke(): void
}
/** `now`: the world's clock. */
type Clock = () => number

export const ECR_HOST = '123456789012.dkr.ecr.eu-west-1.amazonaws.com'
const KEYS = { id: 'AKIAIOSFODNN7EXAMPLE', secret: `${CANARY}-aws-secret` }
const ROLE_KEYS = { id: 'ASIAIOSFODNN7EXAMPLE', secret: `${CANARY}-role-secret`, token: `${CANARY}-session` }
const ECR_LIFETIME_S = 12 * 3600
/** AWS signs with a clock of its own: peers take what is signed within so much of theirs. */
const LATER = { 'retry-after': '7' }

function failing(fault: Fault | null, wrong: () => Response): Response | null {
  if (fault === null) return null
  if (fault === 'down') return new Response('', { status: 503 })
  return fault === 'throttled' ? new Response('{}', { status: 429, headers: LATER }) : wrong()
}

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html */
function ecrAccount(now: Clock, how: Partial<Account> & { pull: PullCredential; keys?: typeof KEYS }): Account {
  const host = how.host ?? ECR_HOST
  const region = host.split('.')[3] ?? ''
  const keys = how.keys ?? KEYS
  let given = 0
  let revoked = 0
  const passwordOf = (nth: number): string => `${CANARY}-ecr-${nth}`
  const service: Script = (seen) => {
    const wrong = (__type: string, status = 400) => Response.json({ __type, message: CANARY }, { status })
    const fault = failing(account.fault, () => wrong('UnrecognizedClientException'))
    if (fault !== null) return account.fault === 'throttled' ? wrong('ThrottlingException') : fault
    if (seen.headers.get('x-amz-target') !== 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken')
      return wrong('UnknownOperationException')
    if (!isSigned(seen, keys.secret, { service: 'ecr', region })) return wrong('InvalidSignatureException')
    given += 1
    return Response.json({
      authorizationData: [
        {
          authorizationToken: btoa(`AWS:${passwordOf(given)}`),
          expiresAt: now() / 1000 + ECR_LIFETIME_S,
          proxyEndpoint: `https://${host}`,
        },
      ],
    })
  }
  const account: Account = {
    host,
    ...how,
    hosts: {
      [`api.ecr.${region}.amazonaws.com`]: service,
      [host]: aRegistry({
        instead: ({ headers }) => {
          const isTaken = Array.from({ length: given - revoked }, (_, index) => revoked + index + 1).some(
            (nth) => headers.get('authorization') === `Basic ${btoa(`AWS:${passwordOf(nth)}`)}`,
          )
          return isTaken ? undefined : unauthorized(`Basic realm="https://${host}/",service="ecr.amazonaws.com"`)
        },
      }),
      ...how.hosts,
    },
    given: () => given,
    fault: null,
    revoke: () => void (revoked = given),
  }
  return account
}

export function isSigned(
  { method, url, headers, body }: Seen,
  secret: string,
  of: { service: string; region: string },
) {
  const given = Object.fromEntries(headers)
  const { Credential = '', Signature } = partsOf(given['authorization'] ?? '')
  const request = { method, url, headers: { ...given, host: url.host }, body }
  return Credential.split('/')[2] === of.region && Signature === headerSignature(request, secret, of.service)
}

export const byKeys = (now: Clock): Account =>
  ecrAccount(now, {
    pull: { aws: { keys: { id: KEYS.id, secret: 'env:AWS_KEY' } } },
    secrets: { 'env:AWS_KEY': KEYS.secret },
  })

export const byEnvironment = (now: Clock): Account =>
  ecrAccount(now, {
    pull: { aws: {} },
    env: { AWS_ACCESS_KEY_ID: KEYS.id, AWS_SECRET_ACCESS_KEY: KEYS.secret },
  })

export const ROLE = 'arn:aws:iam::123456789012:role/drayage-pull'

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
export const byRole = (now: Clock): Account => {
  const sts: Script = (seen) => {
    const wrong = () => Response.json({ Error: { Code: 'AccessDenied', Message: CANARY } }, { status: 403 })
    const { RoleArn, ExternalId, Action } = Object.fromEntries(new URLSearchParams(seen.body))
    const isOurs = isSigned(seen, KEYS.secret, { service: 'sts', region: 'eu-west-1' })
    if (!isOurs || Action !== 'AssumeRole' || RoleArn !== ROLE || ExternalId !== 'acme-drayage') return wrong()
    const Credentials = {
      AccessKeyId: ROLE_KEYS.id,
      SecretAccessKey: ROLE_KEYS.secret,
      SessionToken: ROLE_KEYS.token,
      Expiration: now() / 1000 + 3600,
    }
    return Response.json({ AssumeRoleResponse: { AssumeRoleResult: { Credentials } } })
  }
  return ecrAccount(now, {
    pull: { aws: { role: ROLE, externalId: 'acme-drayage', keys: { id: KEYS.id, secret: 'env:AWS_KEY' } } },
    secrets: { 'env:AWS_KEY': KEYS.secret },
    keys: ROLE_KEYS,
    hosts: { 'sts.eu-west-1.amazonaws.com': sts },
  })
}

/** Tokens for tokens: a registry that gives one to whom `takes` lets in, and lets that one read. */
type Exchange = {
  readonly host: string
  readonly path: string
  readonly takes: (seen: Seen) => boolean
  readonly alive: (nth: number) => boolean
}
function bearerRegistry({ host, path, takes, alive }: Exchange): Script {
  let given = 0
  const registry = aRegistry({
    instead: ({ headers }) => {
      const nth = Number(
        /^Bearer CANARY-5f2c-read-(?<nth>\d+)$/u.exec(headers.get('authorization') ?? '')?.groups?.['nth'],
      )
      return nth > 0 && nth <= given && alive(nth)
        ? undefined
        : unauthorized(`Bearer realm="https://${host}${path}",service="${host}"`)
    },
  })
  return (seen) => {
    if (seen.url.pathname !== path) return registry(seen)
    if (!takes(seen)) return Response.json({ errors: [{ code: 'UNAUTHORIZED' }] }, { status: 401 })
    given += 1
    return Response.json({ access_token: `${CANARY}-read-${given}`, expires_in: 300 })
  }
}

const GOOGLE_HOST = 'europe-docker.pkg.dev'
const GOOGLE_LIFETIME_S = 3600
const PAIR = generateKeyPairSync('rsa', { modulusLength: 2048 })
const SERVICE_ACCOUNT = {
  type: 'service_account',
  client_email: 'pull@acme.iam.gserviceaccount.com',
  private_key_id: 'k1',
  private_key: PAIR.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
}

function googleAccount(
  how: Partial<Account> & Pick<Account, 'pull'>,
  serviceOf: (give: () => Response) => Account['hosts'],
) {
  let given = 0
  let revoked = 0
  const give = (): Response => {
    given += 1
    return Response.json({
      access_token: `${CANARY}-google-${given}`,
      expires_in: GOOGLE_LIFETIME_S,
      token_type: 'Bearer',
    })
  }
  const takes = ({ headers }: Seen): boolean =>
    Array.from({ length: given - revoked }, (_, index) => revoked + index + 1).some(
      (nth) => headers.get('authorization') === `Basic ${btoa(`oauth2accesstoken:${CANARY}-google-${nth}`)}`,
    )
  const account: Account = {
    host: GOOGLE_HOST,
    ...how,
    hosts: {
      ...Object.fromEntries(
        Object.entries(serviceOf(give)).map(([host, script]) => [
          host,
          (seen: Seen) =>
            failing(account.fault, () =>
              Response.json({ error: 'invalid_grant', error_description: CANARY }, { status: 400 }),
            ) ?? script(seen),
        ]),
      ),
      [GOOGLE_HOST]: bearerRegistry({ host: GOOGLE_HOST, path: '/v2/token', takes, alive: () => given > revoked }),
    },
    given: () => given,
    fault: null,
    revoke: () => void (revoked = given),
  }
  return account
}

/** https://developers.google.com/identity/protocols/oauth2/service-account#httprest */
export const byServiceAccount = (now: Clock): Account =>
  googleAccount(
    { pull: { google: { credentials: 'env:GOOGLE' } }, secrets: { 'env:GOOGLE': JSON.stringify(SERVICE_ACCOUNT) } },
    (give) => ({
      'oauth2.googleapis.com': async ({ body }) => {
        const { grant_type, assertion = '' } = Object.fromEntries(new URLSearchParams(body))
        const key = await importSPKI(PAIR.publicKey.export({ type: 'spki', format: 'pem' }).toString(), 'RS256')
        const checks = {
          issuer: SERVICE_ACCOUNT.client_email,
          audience: 'https://oauth2.googleapis.com/token',
          currentDate: new Date(now()),
        }
        const isRight = await jwtVerify(assertion, key, checks).then(
          () => true,
          () => false,
        )
        const isGrant = grant_type === 'urn:ietf:params:oauth:grant-type:jwt-bearer'
        return isRight && isGrant ? give() : Response.json({ error: 'invalid_grant' }, { status: 400 })
      },
    }),
  )

/** https://cloud.google.com/compute/docs/access/authenticate-workloads#applications */
export const byMetadata = (): Account =>
  googleAccount({ pull: { google: {} } }, (give) => ({
    '169.254.169.254': ({ headers, url }) =>
      headers.get('metadata-flavor') === 'Google' &&
      url.pathname === '/computeMetadata/v1/instance/service-accounts/default/token'
        ? give()
        : new Response('', { status: 403 }),
  }))

/** https://cloud.google.com/iam/docs/workload-identity-federation-with-kubernetes */
export const byFederation = (): Account => {
  const federation = {
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/k',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    credential_source: { file: '/token' },
  }
  return googleAccount(
    {
      pull: { google: {} },
      env: { GOOGLE_APPLICATION_CREDENTIALS: '/federation.json' },
      files: { '/federation.json': JSON.stringify(federation), '/token': `${CANARY}-pod\n` },
    },
    (give) => ({
      'sts.googleapis.com': ({ body }) => {
        const form = Object.fromEntries(new URLSearchParams(body))
        return form['subject_token'] === `${CANARY}-pod` && form['audience'] === federation.audience
          ? give()
          : Response.json({ error: 'invalid_target' }, { status: 400 })
      },
    }),
  )
}

const ACR_HOST = 'acme.azurecr.io'
const TENANT = '11111111-1111-4111-8111-111111111111'
const CLIENT = '22222222-2222-4222-8222-222222222222'
const ACR_LIFETIME_S = 3 * 3600
const ACR_RESOURCE = 'https://containerregistry.azure.net'

/** https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md */
function acrAccount(
  now: Clock,
  how: Partial<Account> & Pick<Account, 'pull'>,
  entraOf: (give: () => object) => Account['hosts'],
) {
  let given = 0
  let revoked = 0
  const entra = `${CANARY}-entra`
  const refreshOf = async (nth: number): Promise<string> =>
    new SignJWT({ jti: `${CANARY}-${nth}` })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(Math.floor(now() / 1000) + ACR_LIFETIME_S)
      .sign(new TextEncoder().encode('of the registry alone, 32 bytes.'))
  const nthOf = (token: string): number => {
    try {
      return Number(decodeJwt(token).jti?.split('-').at(-1))
    } catch {
      return 0
    }
  }
  const registry = bearerRegistry({
    host: ACR_HOST,
    path: '/oauth2/token',
    takes: ({ method, body }) => {
      const form = Object.fromEntries(new URLSearchParams(body))
      const isGrant = method === 'POST' && form['grant_type'] === 'refresh_token' && form['service'] === ACR_HOST
      const nth = nthOf(form['refresh_token'] ?? '')
      return isGrant && form['scope'] === 'repository:acme/app:pull' && nth > revoked && nth <= given
    },
    alive: () => given > revoked,
  })
  const account: Account = {
    host: ACR_HOST,
    ...how,
    hosts: {
      ...Object.fromEntries(
        Object.entries(entraOf(() => ({ access_token: entra, expires_in: 3600 }))).map(([host, script]) => [
          host,
          (seen: Seen) =>
            failing(account.fault, () =>
              Response.json({ error: 'invalid_client', error_description: CANARY }, { status: 401 }),
            ) ?? script(seen),
        ]),
      ),
      [ACR_HOST]: async (seen) => {
        if (seen.url.pathname !== '/oauth2/exchange') return registry(seen)
        const form = Object.fromEntries(new URLSearchParams(seen.body))
        if (form['access_token'] !== entra || form['service'] !== ACR_HOST || form['grant_type'] !== 'access_token')
          return Response.json({ errors: [{ code: 'UNAUTHORIZED' }] }, { status: 401 })
        const fault = failing(account.fault, () => Response.json({}, { status: 401 }))
        if (fault !== null) return fault
        given += 1
        return Response.json({ refresh_token: await refreshOf(given) })
      },
    },
    given: () => given,
    fault: null,
    revoke: () => void (revoked = given),
  }
  return account
}

/** https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow */
export const byServicePrincipal = (now: Clock): Account =>
  acrAccount(
    now,
    {
      pull: { azure: { application: { tenant: TENANT, client: CLIENT, secret: 'env:AZURE' } } },
      secrets: { 'env:AZURE': `${CANARY}-azure` },
    },
    (give) => ({
      'login.microsoftonline.com': ({ url, body }) => {
        const form = Object.fromEntries(new URLSearchParams(body))
        const isRight =
          url.pathname === `/${TENANT}/oauth2/v2.0/token` &&
          form['client_id'] === CLIENT &&
          form['client_secret'] === `${CANARY}-azure` &&
          form['scope'] === `${ACR_RESOURCE}/.default`
        return isRight ? Response.json(give()) : Response.json({ error: 'invalid_client' }, { status: 401 })
      },
    }),
  )

/** https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token */
export const byManagedIdentity = (now: Clock): Account =>
  acrAccount(now, { pull: { azure: { identity: CLIENT } } }, (give) => ({
    '169.254.169.254': ({ url, headers }) =>
      headers.get('metadata') === 'true' &&
      url.searchParams.get('resource') === ACR_RESOURCE &&
      url.searchParams.get('client_id') === CLIENT
        ? Response.json({ ...give(), expires_in: '3600' })
        : Response.json({ error: 'invalid_request' }, { status: 400 }),
  }))

/** https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference */
export const byContainerIdentity = (now: Clock): Account =>
  acrAccount(
    now,
    {
      pull: { azure: {} },
      env: { IDENTITY_ENDPOINT: 'http://localhost:42356/msi/token', IDENTITY_HEADER: `${CANARY}-header` },
    },
    (give) => ({
      'localhost:42356': ({ headers, url }) =>
        headers.get('x-identity-header') === `${CANARY}-header` && url.searchParams.get('resource') === ACR_RESOURCE
          ? Response.json({ ...give(), expires_on: String(now() / 1000 + 3600) })
          : Response.json({ error: 'invalid_request' }, { status: 400 }),
    }),
  )

/** https://learn.microsoft.com/entra/workload-id/workload-identity-federation */
export const byWorkloadIdentity = (now: Clock): Account =>
  acrAccount(
    now,
    {
      pull: { azure: {} },
      env: { AZURE_TENANT_ID: TENANT, AZURE_CLIENT_ID: CLIENT, AZURE_FEDERATED_TOKEN_FILE: '/token' },
      files: { '/token': `${CANARY}-pod` },
    },
    (give) => ({
      'login.microsoftonline.com': ({ body }) => {
        const form = Object.fromEntries(new URLSearchParams(body))
        return form['client_assertion'] === `${CANARY}-pod` && form['client_id'] === CLIENT
          ? Response.json(give())
          : Response.json({ error: 'invalid_client' }, { status: 401 })
      },
    }),
  )
