/** Tokens of Google, Entra and an issuer of one's own: which get in, and that each missing or wrong part keeps one out. */

import { beforeEach, describe, expect, it } from 'vitest'
import type { Http } from '../../../src/clients/http.ts'
import { RetryLater } from '../../../src/domain/retry.ts'
import { acr } from '../../../src/receivers/acr.ts'
import { ecr } from '../../../src/receivers/ecr.ts'
import { gcr } from '../../../src/receivers/gcr.ts'
import { CLOCK_SKEW_MS } from '../../../src/clients/jwt.ts'
import { FAILURE_COOL_DOWN_MS, UNKNOWN_KEY_COOL_DOWN_MS } from '../../../src/clients/key-set.ts'
import type { Receiver, ReceiverType } from '../../../src/receivers/receiver.ts'
import { aServer, aSigningKey, aToken, keySetOf, type Served, type SigningKey } from '../../helpers/issuer.ts'
import { aRequest } from '../../helpers/receiver-request.ts'

const NOW = 1_773_063_866_402
const SECONDS = Math.floor(NOW / 1000)
const MINUTE = 60_000
const [key, next, stranger] = [aSigningKey('k1'), aSigningKey('k2'), aSigningKey('k1')] as const

const google = { type: 'gcr', audience: 'https://drayage.example.com/hooks/gar', serviceAccount: 'push@acme.example' }
const googleClaims = {
  iss: 'https://accounts.google.com',
  aud: google.audience,
  email: google.serviceAccount,
  email_verified: true,
  iat: SECONDS - 60,
  exp: SECONDS + 3540,
}

const tenant = '22222222-2222-4222-8222-222222222222'
const application = '4962773b-9cdb-44cf-a8bf-237846a00ab7'
const azure = {
  type: 'acr',
  eventGrid:
    '/subscriptions/20000000-0000-4000-8000-000000000000/resourceGroups/apps/providers/Microsoft.ContainerRegistry/registries/acme',
  tenant,
  audience: '11111111-1111-4111-8111-111111111111',
  role: 'AzureEventGridSecureWebhookSubscriber',
}
const azureClaims = {
  iss: `https://sts.windows.net/${tenant}/`,
  aud: azure.audience,
  tid: tenant,
  appid: application,
  roles: [azure.role],
  iat: SECONDS - 60,
  nbf: SECONDS - 60,
  exp: SECONDS + 3840,
}

const own = {
  type: 'ecr',
  oauth: {
    issuer: 'https://login.example.com',
    keys: 'https://login.example.com/keys',
    audience: 'drayage',
    client: 'eventbridge',
  },
}
const ownClaims = {
  iss: own.oauth.issuer,
  aud: 'drayage',
  client_id: 'eventbridge',
  iat: SECONDS - 60,
  exp: SECONDS + 3540,
}

type Subject = { readonly type: ReceiverType; readonly settings: unknown; readonly claims: Record<string, unknown> }
const subjects: Readonly<Record<string, Subject>> = {
  gcr: { type: gcr, settings: google, claims: googleClaims },
  acr: { type: acr, settings: azure, claims: azureClaims },
  ecr: { type: ecr, settings: own, claims: ownClaims },
}
const names = Object.keys(subjects)

const serving = (...keys: readonly SigningKey[]): (() => Served) => {
  return () => ({ body: keySetOf(keys), headers: { 'cache-control': 'public, max-age=3600' } })
}

function aReceiver(name: string, http: Http = aServer(serving(key))): Receiver {
  const { type, settings } = subjects[name] ?? subjects['gcr'] ?? Object.create(null)
  return type.create(type.Settings.parse(settings), () => async () => ['unused'], http, null)
}

const send = (receiver: Receiver, token: string, now = NOW): ReturnType<Receiver['authenticate']> =>
  receiver.authenticate(aRequest({ headers: { authorization: `Bearer ${token}` } }), { now })

const claimsOf = (name: string): Record<string, unknown> => subjects[name]?.claims ?? {}
const LET_IN = { ok: true, value: { assurance: 'authenticated-sender', secret: null } }
const wrong = { ok: false, error: { reason: 'wrong-credential' } }
const stale = { ok: false, error: { reason: 'stale-timestamp' } }

describe.each(names)('a token for %s', (name) => {
  const claims = claimsOf(name)
  const answer = (changed: object, now = NOW): ReturnType<Receiver['authenticate']> =>
    send(aReceiver(name), aToken(key, changed), now)

  it('gets in', async () => {
    expect(await answer(claims)).toEqual(LET_IN)
  })

  it.each(Object.keys(claims).filter((claim) => claim !== 'nbf'))(
    'CVE-2026-23990: without %s, or with an empty one, it does not',
    async (claim) => {
      const { [claim]: _, ...rest } = claims
      expect(await answer(rest)).toMatchObject(wrong)
      for (const empty of ['', [], {}, null, [''], false, '*', { $ne: '' }]) {
        expect(await answer({ ...claims, [claim]: empty }), JSON.stringify(empty)).toMatchObject(wrong)
      }
    },
  )

  it('CVE-2023-22482: an audience is ours, whole and alone', async () => {
    const { aud } = claims as { aud: string }
    // Google and Entra ID write one text, always.
    expect(await answer({ ...claims, aud: [aud] })).toMatchObject(name === 'ecr' ? LET_IN : wrong)
    for (const other of [
      [aud, 'other'],
      ['other', aud],
      [aud, aud],
      `${aud}/`,
      aud.slice(1),
      aud.toUpperCase(),
      [[aud]],
    ]) {
      if (other === aud) continue
      expect(await answer({ ...claims, aud: other }), JSON.stringify(other)).toMatchObject(wrong)
    }
  })

  it.each([
    { alg: 'none', kid: 'k1' },
    { alg: 'None', kid: 'k1' },
    { alg: 'NONE', kid: 'k1' },
    { alg: '', kid: 'k1' },
    { alg: 'HS256', kid: 'k1' },
    { alg: 'RS512', kid: 'k1' },
    { alg: 'PS256', kid: 'k1' },
    { alg: 'rs256', kid: 'k1' },
    { kid: 'k1' },
    { alg: ['RS256'], kid: 'k1' },
  ])('CVE-2026-22817, CVE-2026-22818: the header %j chooses no algorithm', async (header) => {
    expect(await send(aReceiver(name), aToken(key, claims, header))).toMatchObject(wrong)
  })

  it.each([
    { jwk: stranger.jwk },
    { jku: 'https://evil.example/keys' },
    { x5u: 'https://evil.example/certificate' },
    { x5c: ['AAAA'] },
    { crit: ['b64'], b64: false },
    { crit: [] },
    { jku: null },
    { kid: '' },
    { kid: null },
    { kid: ['k1'] },
    { kid: 'k'.repeat(257) },
  ])('CVE-2025-24976: the header’s %j is believed of nobody, with our key or a stranger’s', async (more) => {
    const header = { alg: 'RS256', kid: 'k1', ...more }
    expect(await send(aReceiver(name), aToken(key, claims, header))).toMatchObject(wrong)
    expect(await send(aReceiver(name), aToken(stranger, claims, header))).toMatchObject(wrong)
  })

  it('CVE-2025-24976: a stranger’s key under a known id signs nothing', async () => {
    expect(await send(aReceiver(name), aToken(stranger, claims))).toMatchObject(wrong)
  })

  it('CVE-2026-28229: what is no token is none', async () => {
    const good = aToken(key, claims)
    const [head = '', body = '', signature = ''] = good.split('.')
    const flipped = `${head}.${body}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
    const texts = [
      'nothing',
      '',
      '..',
      '.',
      `${head}.${body}.`,
      `${head}..${signature}`,
      `${good}.x`,
      `${good} `,
      flipped,
    ]
    for (const token of [...texts, `${head}.${body}`, `${good},${good}`, '.'.repeat(20_000), 'a.'.repeat(20_000)]) {
      expect(await send(aReceiver(name), token), token.slice(0, 80)).toMatchObject({ ok: false })
    }
  })

  it('CVE-2026-28229: a body of another token under this signature is none', async () => {
    const [head = '', , signature = ''] = aToken(key, claims).split('.')
    const [, body = ''] = aToken(stranger, { ...claims, exp: SECONDS + 86_400 }).split('.')
    expect(await send(aReceiver(name), `${head}.${body}.${signature}`)).toMatchObject(wrong)
  })

  it('is good up to its end and a minute, for clocks differ', async () => {
    const { exp, iat } = claims as { exp: number; iat: number }
    expect(await answer(claims, exp * 1000 + CLOCK_SKEW_MS - 1)).toEqual(LET_IN)
    expect(await answer(claims, exp * 1000 + CLOCK_SKEW_MS)).toMatchObject(stale)
    expect(await answer(claims, iat * 1000 - CLOCK_SKEW_MS)).toEqual(LET_IN)
    expect(await answer(claims, iat * 1000 - CLOCK_SKEW_MS - 1)).toMatchObject(stale)
    expect(await answer({ ...claims, nbf: SECONDS + 61 })).toMatchObject(stale)
    expect(await answer({ ...claims, exp: 1e20 })).toMatchObject(wrong)
    expect(await answer({ ...claims, exp: String(exp) })).toMatchObject(wrong)
    expect(await answer({ ...claims, iat: -1 })).toMatchObject(wrong)
  })
})

/** Each of six claims right or wrong: of the 64, one gets in. */
const matrix = Array.from({ length: 64 }, (_, bits) => bits)

describe('CVE-2026-40109: of all combinations of right and wrong claims', () => {
  const wrongGoogle = {
    iss: 'https://securetoken.google.com/acme',
    aud: 'https://elsewhere.example.com',
    email: 'evil@attacker.iam.gserviceaccount.com',
    email_verified: 'true',
    iat: SECONDS + 3600,
    exp: SECONDS - 3600,
  }
  const wrongAzure = {
    iss: 'https://sts.windows.net/99999999-9999-4999-8999-999999999999/',
    aud: '00000003-0000-0000-c000-000000000000',
    tid: '99999999-9999-4999-8999-999999999999',
    appid: '99999999-9999-4999-8999-999999999999',
    roles: ['Other'],
    exp: SECONDS - 3600,
  }
  it.each([
    { name: 'gcr', bad: wrongGoogle },
    { name: 'acr', bad: wrongAzure },
  ])('one gets in at $name', async ({ name, bad }) => {
    const receiver = aReceiver(name)
    const letIn: number[] = []
    for (const bits of matrix) {
      const chosen = Object.entries(bad).filter((_, index) => (bits & (1 << index)) !== 0)
      const answer = await send(receiver, aToken(key, { ...claimsOf(name), ...Object.fromEntries(chosen) }))
      if (answer.ok) letIn.push(bits)
    }
    expect(letIn).toEqual([0])
  })

  it('CVE-2026-40109: Google’s token of another account for our audience stays outside', async () => {
    const other = { ...googleClaims, email: 'me@attacker.iam.gserviceaccount.com' }
    expect(await send(aReceiver('gcr'), aToken(key, other))).toMatchObject(wrong)
  })
})

describe('Entra ID', () => {
  const second = { ...azureClaims, iss: `https://login.microsoftonline.com/${tenant}/v2.0` }

  it('names who asked by appid in the first version of its tokens, by azp in the second', async () => {
    const { appid: _, ...rest } = second
    expect(await send(aReceiver('acr'), aToken(key, { ...rest, azp: application }))).toEqual(LET_IN)
    expect(await send(aReceiver('acr'), aToken(key, second))).toMatchObject(wrong)
    expect(await send(aReceiver('acr'), aToken(key, { ...azureClaims, appid: 'x', azp: application }))).toMatchObject(
      wrong,
    )
  })

  it.each([
    'https://sts.windows.net/common/',
    'https://login.microsoftonline.com/common/v2.0',
    `https://login.microsoftonline.com/${tenant}/v2.0/`,
    `https://sts.windows.net/${tenant}`,
    `https://sts.windows.net.evil.example/${tenant}/`,
  ])('is no issuer called %s', async (iss) => {
    expect(await send(aReceiver('acr'), aToken(key, { ...azureClaims, azp: application, iss }))).toMatchObject(wrong)
  })

  it.each([
    ['public', 'https://login.microsoftonline.com'],
    ['china', 'https://login.partner.microsoftonline.cn'],
    ['us-government', 'https://login.microsoftonline.us'],
  ])('asks for the tenant’s keys in the cloud %s', async (cloud, authority) => {
    const http = aServer(serving(key))
    const receiver = acr.create(acr.Settings.parse({ ...azure, cloud }), () => async () => ['unused'], http, null)
    const token = { ...second, azp: application, iss: `${authority}/${tenant}/v2.0` }
    expect(await send(receiver, aToken(key, token))).toEqual(LET_IN)
    expect(http.calls.map(({ url }) => url.href)).toEqual([`${authority}/${tenant}/discovery/v2.0/keys`])
  })
})

describe('the keys of an issuer', () => {
  let answer: () => Served = serving(key)
  let http = aServer(() => answer())
  const token = (signer: SigningKey, id = signer.id): string => aToken(signer, longLived, { alg: 'RS256', kid: id })
  const longLived = { ...googleClaims, exp: SECONDS + 30 * 86_400 }
  const away = (): Served => {
    throw new RetryLater('away')
  }
  beforeEach(() => {
    answer = serving(key)
    http = aServer(() => answer())
  })

  it('are asked for at one place, without a redirect, and never where a token points', async () => {
    await send(aReceiver('gcr', http), token(key))
    const [call] = http.calls
    expect(call?.url.href).toBe('https://www.googleapis.com/oauth2/v3/certs')
    expect(call).toMatchObject({ hosts: ['www.googleapis.com'] })
    expect(call?.redirects ?? 'return').toBe('return')
  })

  it('are asked for once by many who come at the same time', async () => {
    const receiver = aReceiver('gcr', http)
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(receiver, token(key))))
    expect(answers.every(({ ok }) => ok)).toBe(true)
    expect(http.calls).toHaveLength(1)
  })

  it('are kept as long as the issuer says', async () => {
    const receiver = aReceiver('gcr', http)
    for (const minutes of [0, 30, 59]) await send(receiver, token(key), NOW + minutes * MINUTE)
    expect(http.calls).toHaveLength(1)
    await send(receiver, token(key), NOW + 60 * MINUTE)
    expect(http.calls).toHaveLength(2)
  })

  it.each([
    ['no-store', 60],
    ['max-age=0', 5],
    ['max-age=999999999', 24 * 60],
    ['private, max-age=600, must-revalidate', 10],
  ])('are kept for minutes to a day where it says %s', async (control, minutes) => {
    answer = () => ({ body: keySetOf([key]), headers: { 'cache-control': control } })
    const receiver = aReceiver('gcr', http)
    await send(receiver, token(key))
    await send(receiver, token(key), NOW + minutes * MINUTE - 1)
    expect(http.calls).toHaveLength(1)
    await send(receiver, token(key), NOW + minutes * MINUTE)
    expect(http.calls).toHaveLength(2)
  })

  it('are asked for again when an unknown one is named, at most once in five minutes', async () => {
    const receiver = aReceiver('gcr', http)
    await send(receiver, token(key))
    for (let index = 0; index < 100; index += 1) {
      expect(await send(receiver, token(stranger, `invented-${index}`), NOW + index)).toMatchObject(wrong)
    }
    expect(http.calls).toHaveLength(2)
    await send(receiver, token(stranger, 'later'), NOW + UNKNOWN_KEY_COOL_DOWN_MS)
    expect(http.calls).toHaveLength(3)
  })

  it('are learnt of when the issuer changes them', async () => {
    const receiver = aReceiver('gcr', http)
    await send(receiver, token(key))
    answer = serving(key, next)
    expect(await send(receiver, token(next))).toEqual(LET_IN)
  })

  it('are believed while the issuer is away', async () => {
    const receiver = aReceiver('gcr', http)
    await send(receiver, token(key))
    answer = away
    expect(await send(receiver, token(key), NOW + 10 * 60 * MINUTE)).toEqual(LET_IN)
    expect(http.calls).toHaveLength(2)
  })

  it('that cannot be had refuse nobody for good', async () => {
    answer = away
    const receiver = aReceiver('gcr', http)
    await expect(send(receiver, token(key))).rejects.toThrow(RetryLater)
    await expect(send(receiver, token(key), NOW + FAILURE_COOL_DOWN_MS - 1)).rejects.toThrow(RetryLater)
    expect(http.calls).toHaveLength(1)
    answer = serving(key)
    expect(await send(receiver, token(key), NOW + FAILURE_COOL_DOWN_MS)).toEqual(LET_IN)
  })

  it('that might be new and cannot be learnt of refuse nobody for good', async () => {
    const receiver = aReceiver('gcr', http)
    await send(receiver, token(key))
    answer = away
    await expect(send(receiver, token(next))).rejects.toThrow(RetryLater)
    await expect(send(receiver, token(next), NOW + 1)).rejects.toThrow(RetryLater)
    expect(http.calls).toHaveLength(2)
    answer = serving(next)
    expect(await send(receiver, token(next), NOW + FAILURE_COOL_DOWN_MS)).toEqual(LET_IN)
  })

  it.each([
    { status: 302, body: '', headers: { location: 'https://evil.example/keys' } },
    { status: 404, body: '{}' },
    { body: '' },
    { body: '{' },
    { body: '[]' },
    { body: '{"keys":[]}' },
    { body: '{"keys":[{"kty":"oct","kid":"k1","k":"AAAA"}]}' },
    { body: '{"keys":[null,1,"k1",{}]}' },
    { body: keySetOf([{ ...key, jwk: { ...key.jwk, use: 'enc' } }]) },
    { body: keySetOf([{ ...key, jwk: { ...key.jwk, d: 'AAAA' } }]) },
    { body: keySetOf([{ ...key, jwk: { ...key.jwk, n: 'AAAA' } }]) },
    { body: keySetOf([{ ...key, jwk: { ...key.jwk, alg: 'RS512' } }]) },
    { body: JSON.stringify({ keys: Array.from({ length: 101 }, () => key.jwk) }) },
  ])('are not to be had from the answer %j', async (served) => {
    answer = () => served
    await expect(send(aReceiver('gcr', http), token(key))).rejects.toThrow(RetryLater)
  })
})
