/**
 * Who is let in: signature vectors (`vectors.json`) and the peers' checks of secrets (`webhook-auth.json`).
 * A vector of a registry whose receiver is not here yet is tried on the credential function that it will use.
 */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { Json } from '../../src/domain/json.ts'
import type { Secret } from '../../src/domain/secret.ts'
import { verifyHeaderSecret, verifyHmac, type Proven } from '../../src/receivers/credential.ts'
import { receiverTypes } from '../../src/receivers/index.ts'
import type { ReceiverRequest } from '../../src/receivers/receiver.ts'
import { symmetric, verifyStandardWebhook } from '../../src/receivers/standard-webhooks.ts'
import { aRequest } from '../helpers/receiver-request.ts'
import type { CorpusResult } from './kind.ts'
import { noHttp } from '../helpers/no-http.ts'

const Headers = z.record(z.string(), z.string())
const Vectors = z.object({
  secretUtf8: z.string().min(1),
  vectors: z.array(
    z.object({
      name: z.string(),
      scheme: z.string(),
      bodyFile: z.string(),
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
type PeerCheck = z.infer<typeof PeerChecks>['cases'][number]

type Verify = (request: ReceiverRequest, secret: Secret, now: number) => Promise<Proven>

const schemes: Readonly<Record<string, Verify>> = {
  'standard-webhooks': (request, secret, now) => verifyStandardWebhook(request, symmetric, secret, { now }),
  'github-hmac-sha256': (request, secret) =>
    verifyHmac(request, { header: 'x-hub-signature-256', hash: 'SHA-256', encoding: 'hex', prefix: 'sha256=' }, secret),
  'gitea-hmac-sha256-hex': (request, secret) =>
    verifyHmac(request, { header: 'x-gitea-signature', hash: 'SHA-256', encoding: 'hex' }, secret),
  'jfrog-hmac-sha256-hex': (request, secret) =>
    verifyHmac(request, { header: 'x-jfrog-event-auth', hash: 'SHA-256', encoding: 'hex' }, secret),
  'nexus-hmac-sha1-hex': (request, secret) =>
    verifyHmac(request, { header: 'x-nexus-webhook-signature', hash: 'SHA-1', encoding: 'hex' }, secret),
  'bearer-exact': (request, secret) => verifyHeaderSecret(request, 'authorization', secret),
}
/** The peers' words for our types. */
const TYPES: Readonly<Record<string, string>> = { 'docker.io': 'dockerhub', 'quay.io': 'quay', 'ghcr.io': 'ghcr' }

type Verdict = 'passed' | { readonly failure: string } | { readonly excepted: string }

export async function corpus(directory: string): Promise<CorpusResult> {
  const verdicts = [...(await judgeVectors(directory)), ...(await judgePeerChecks(directory))]
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
  for (const { name, scheme, bodyFile, headers, valid, secret = secretUtf8, now = 0 } of vectors) {
    const verify = Object.hasOwn(schemes, scheme) ? schemes[scheme] : undefined
    const file = join(directory, bodyFile)
    if (verify === undefined) verdicts.push({ excepted: `no credential of scheme ${scheme}` })
    else if (!existsSync(file)) verdicts.push({ excepted: 'the signed body is not in this folder' })
    else {
      const proven = await verify(aRequest({ headers, body: readFileSync(file) }), async () => [secret], now * 1000)
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
  const name = TYPES[check.registry_type] ?? check.registry_type
  const type = receiverTypes.get(name)
  if (type === undefined) return { excepted: `no receiver of type ${name}` }
  const { method = 'POST', query = {}, headers = {}, body = '' } = check.request
  const secret = check.configured['secret'] ?? check.configured['token']
  const title = `${name}: ${check.name}`
  if (typeof secret !== 'string') {
    // There is no such configuration: a receiver without a credential is refused by `drayage check`.
    if (check.accepted) return { excepted: 'the peer runs without a secret; we fail closed' }
    return judged(title, false, type.Settings.safeParse({ type: name }).success)
  }
  const receiver = type.create(
    type.Settings.parse({ type: name, secret: 'env:SECRET' }),
    () => async () => [secret],
    noHttp,
    null,
  )
  const sent = aRequest({ headers, body, query: new URLSearchParams(query).toString() })
  const proven = await receiver.authenticate({ ...sent, method }, { now: 0 })
  return judged(title, check.accepted, method === 'POST' && proven.ok)
}

function judged(name: string, expected: boolean, found: boolean): Verdict {
  const word = (accepted: boolean): string => (accepted ? 'accepted' : 'refused')
  return expected === found ? 'passed' : { failure: `${name}: expected ${word(expected)}, found ${word(found)}` }
}

function textOf(directory: string, file: string): string | null {
  return existsSync(join(directory, file)) ? readFileSync(join(directory, file), 'utf8') : null
}
