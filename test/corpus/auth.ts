/**
 * Who is let in: signature vectors (`vectors.json`), tokens and messages of SNS (`tokens.ts`), and the peers' checks of secrets
 * (`webhook-auth.json`), each tried on the receiver that it is about.
 */

import { createHmac } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { Json } from '../../src/domain/json.ts'
import { receiverTypes } from '../../src/receivers/index.ts'
import type { Receiver } from '../../src/receivers/receiver.ts'
import { aRequest } from '../helpers/receiver-request.ts'
import { authUnasked } from './exceptions.ts'
import type { CorpusResult } from './kind.ts'
import { tryMessages, tryTokens } from './tokens.ts'
import { noHttp } from '../helpers/no-http.ts'

const Headers = z.record(z.string(), z.string())
const Vectors = z.object({
  secretUtf8: z.string().min(1),
  vectors: z.array(
    z.object({
      name: z.string(),
      scheme: z.string(),
      /** The body stands in a file, or here. */
      bodyFile: z.string().optional(),
      body: z.string().optional(),
      headers: Headers,
      valid: z.boolean(),
      secret: z.string().optional(),
      /** Seconds. */
      now: z.number().optional(),
    }),
  ),
})
const PeerChecks = z.object({
  cases: z.array(
    z.object({
      registry_type: z.string(),
      name: z.string(),
      configured: z.record(z.string(), z.unknown()),
      request: z.object({
        method: z.string().optional(),
        body: z.string().optional(),
        headers: Headers.optional(),
        query: z.record(z.string(), z.string()).optional(),
      }),
      accepted: z.boolean(),
    }),
  ),
})
export type PeerCheck = z.infer<typeof PeerChecks>['cases'][number]

/** By the vectors' words, the receiver and its settings beside the secret. */
const SCHEMES: Readonly<Record<string, Readonly<Record<string, unknown>> & { readonly type: string }>> = {
  'standard-webhooks': { type: 'webhook' },
  'standard-webhooks-ed25519': { type: 'webhook' },
  'github-hmac-sha256': { type: 'ghcr' },
  'gitea-hmac-sha256-hex': { type: 'gitea' },
  'jfrog-hmac-sha256-hex': { type: 'jfrog', signed: true },
  'jfrog-plain': { type: 'jfrog', signed: false },
  'nexus-hmac-sha1-hex': { type: 'nexus' },
  'bearer-exact': { type: 'harbor' },
}
/** The peers' words for our types. */
const TYPES: Readonly<Record<string, string>> = {
  'docker.io': 'dockerhub',
  'quay.io': 'quay',
  'ghcr.io': 'ghcr',
  github: 'ghcr',
  artifactory: 'jfrog',
  'aliyun-acr': 'alibaba',
  azure: 'acr',
}
/** And for the secret. */
const SECRET_KEYS = ['secret', 'token', 'secret-token', 'auth-header']
/** What the peers' table writes in place of a signature that its test makes. */
const SIGNED_BY_THE_TEST = 'hex(hmac-sha1(body))'

type Verdict = 'passed' | { readonly failure: string } | { readonly excepted: string }

export async function corpus(directory: string): Promise<CorpusResult> {
  const tried = [...(await tryTokens(directory)), ...(await tryMessages(directory))]
  const verdicts = [
    ...(await judgeVectors(directory)),
    ...tried.map(({ name, expected, found }) => judged(name, expected, found)),
    ...(await judgePeerChecks(directory)),
  ]
  const failures = verdicts.flatMap((verdict) =>
    typeof verdict === 'object' && 'failure' in verdict ? [verdict.failure] : [],
  )
  const excepted: Record<string, number> = {}
  for (const verdict of verdicts) {
    if (typeof verdict === 'object' && 'excepted' in verdict)
      excepted[verdict.excepted] = (excepted[verdict.excepted] ?? 0) + 1
  }
  if (verdicts.length === 0) failures.push(`${directory} holds neither vectors.json nor webhook-auth.json`)
  return { passed: verdicts.filter((verdict) => verdict === 'passed').length, failures, excepted }
}

async function judgeVectors(directory: string): Promise<readonly Verdict[]> {
  const text = textOf(directory, 'vectors.json')
  if (text === null) return []
  const { secretUtf8, vectors } = Json.pipe(Vectors).parse(text)
  const verdicts: Verdict[] = []
  for (const { name, scheme, bodyFile = '', body, headers, valid, secret = secretUtf8, now = 0 } of vectors) {
    const settings = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined
    const file = join(directory, bodyFile)
    if (settings === undefined) verdicts.push({ excepted: `no receiver of the scheme ${scheme}` })
    else if (body === undefined && (bodyFile === '' || !existsSync(file)))
      verdicts.push({ excepted: 'the signed body is not in this folder' })
    else {
      const request = aRequest({ headers, body: body ?? readFileSync(file) })
      const proven = await receiverOf(settings, secret).authenticate(request, { now: now * 1000 })
      verdicts.push(judged(name, valid, proven.ok))
    }
  }
  return verdicts
}

async function judgePeerChecks(directory: string): Promise<readonly Verdict[]> {
  const text = textOf(directory, 'webhook-auth.json')
  if (text === null) return []
  const { cases } = Json.pipe(PeerChecks).parse(text)
  const verdicts: Verdict[] = []
  for (const check of cases) verdicts.push(await judgePeerCheck(check))
  return verdicts
}

async function judgePeerCheck(check: PeerCheck): Promise<Verdict> {
  const unasked = authUnasked.find((rule) => rule.applies(check))
  if (unasked !== undefined) return { excepted: unasked.reason }
  const name = TYPES[check.registry_type] ?? check.registry_type
  const type = receiverTypes.get(name)
  if (type === undefined) return { excepted: `no receiver of type ${name}` }
  const { method = 'POST', query = {}, headers = {}, body = '' } = check.request
  const secret = SECRET_KEYS.map((key) => check.configured[key]).find((value) => typeof value === 'string')
  const title = `${name}: ${check.name}`
  if (typeof secret !== 'string') {
    // There is no such configuration: a receiver without a credential is refused by `drayage check`.
    if (check.accepted) return { excepted: 'the peer runs without a secret; we fail closed' }
    return judged(title, false, type.Settings.safeParse({ type: name }).success)
  }
  const sent = aRequest({ headers: signed(headers, body, secret), body, query: new URLSearchParams(query).toString() })
  const proven = await receiverOf({ type: name }, secret).authenticate({ ...sent, method }, { now: 0 })
  return judged(title, check.accepted, method === 'POST' && proven.ok)
}

function receiverOf(settings: { readonly type: string }, secret: string): Receiver {
  const type = receiverTypes.get(settings.type)
  if (type === undefined) throw new Error(`there is no receiver ${settings.type}`)
  return type.create(
    type.Settings.parse({ [secret.startsWith('whpk_') ? 'publicKey' : 'secret']: 'env:SECRET', ...settings }),
    () => async () => [secret],
    noHttp,
    null,
  )
}

function signed(headers: Readonly<Record<string, string>>, body: string, secret: string): Record<string, string> {
  const signature = createHmac('sha1', secret).update(body).digest('hex')
  const entries = Object.entries(headers)
  return Object.fromEntries(entries.map(([name, value]) => [name, value === SIGNED_BY_THE_TEST ? signature : value]))
}

function judged(name: string, expected: boolean, found: boolean): Verdict {
  const word = (accepted: boolean): string => (accepted ? 'accepted' : 'refused')
  return expected === found ? 'passed' : { failure: `${name}: expected ${word(expected)}, found ${word(found)}` }
}

function textOf(directory: string, file: string): string | null {
  return existsSync(join(directory, file)) ? readFileSync(join(directory, file), 'utf8') : null
}
