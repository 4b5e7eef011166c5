/**
 * Registries' payloads, ours and our peers': each body goes through its receiver's parser, and outcome and events are compared in order.
 * DIR holds a `manifest.json`: a list of samples (whose folders name the registry), or a peers' table of cases.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import { Digest } from '../../src/domain/image.ts'
import { Json } from '../../src/domain/json.ts'
import { receiverTypes } from '../../src/receivers/index.ts'
import { outcomeOf, type Outcome } from '../../src/receivers/outcome.ts'
import { aRequest } from '../helpers/receiver-request.ts'
import { payloadExceptions } from './exceptions.ts'
import type { CorpusResult } from './kind.ts'

/** Folders and peers have names of their own for some of our types. */
const TYPES: Readonly<Record<string, string>> = {
  gcp: 'gcr',
  azure: 'acr',
  'azure-eventgrid': 'acr',
  'aws-wrappers': 'ecr',
  inspector2: 'ecr',
  'cloudevents-ecr': 'ecr',
  github: 'ghcr',
  artifactory: 'jfrog',
  'aliyun-acr': 'alibaba',
  'cloudevents-generic': 'cloudevents',
}
/** What the expectations of `ignore` leave open. */
const SIGNALS: ReadonlySet<string> = new Set(['signature', 'attestation'])

const Text = z.string().nullish()
const Expected = z.object({
  kind: z.enum(['push', 'delete', 'scan', 'ping', 'validation', 'ignore']).optional(),
  registry: Text,
  repository: Text,
  tag: Text,
  digest: Text,
  mediaType: Text,
  /** So many events, of which this is the first. */
  count: z.number().optional(),
  mustAnswer: z.object({ body: z.object({ validationResponse: z.string().optional() }).optional() }).optional(),
  /** In the peers' tables: the body is refused, or taken and nothing done. */
  error: z.boolean().optional(),
  ignore: z.string().optional(),
  http_status: z.number().optional(),
})
export type Expected = z.infer<typeof Expected>

const Headers = z.record(z.string(), z.string()).nullish()
const Samples = z.array(
  z.object({
    file: z.string(),
    method: z.enum(['POST', 'OPTIONS']).catch('POST'),
    headers: Headers,
    expected: Expected,
    expectedAll: z.array(Expected).optional(),
  }),
)
const PeerTable = z.object({
  cases: z.array(
    z.object({
      file: z.string(),
      registry_type: z.string(),
      headers: Headers,
      query: z.record(z.string(), z.string()).nullish(),
      peer_expected: Expected,
      suggested_expected: Expected.nullish(),
    }),
  ),
})

export type PayloadCase = {
  readonly file: string
  readonly type: string
  readonly method: 'POST' | 'OPTIONS'
  readonly headers: Readonly<Record<string, string>>
  readonly query: string
  /** In order, one for each event of the body. */
  readonly expected: readonly [Expected, ...Expected[]]
  /** A peer looks at the first event of a body only. */
  readonly isFirstOnly: boolean
}

export async function corpus(directory: string): Promise<CorpusResult> {
  const result = { passed: 0, failures: [] as string[], excepted: {} as Record<string, number> }
  const except = (reason: string): number => (result.excepted[reason] = (result.excepted[reason] ?? 0) + 1)
  for (const payload of readCases(directory)) {
    const type = receiverTypes.get(payload.type)
    if (type === undefined) {
      except(`no receiver of type ${payload.type}`)
      continue
    }
    const sent = aRequest({ ...payload, body: readFileSync(join(directory, payload.file)) })
    const answer = outcomeOf(type.parse({ ...sent, method: payload.method }, { now: 0 }))
    const difference = differenceOf(payload, answer)
    const reason = payloadExceptions.find((rule) => rule.applies(payload))?.reason
    if (difference === null) result.passed += 1
    else if (reason === undefined) result.failures.push(`${payload.file}: ${difference}`)
    else except(reason)
  }
  return Promise.resolve(result)
}

function readCases(directory: string): readonly PayloadCase[] {
  const manifest = Json.pipe(z.union([Samples, PeerTable])).parse(
    readFileSync(join(directory, 'manifest.json'), 'utf8'),
  )
  if (!Array.isArray(manifest)) {
    return manifest.cases.map(({ file, registry_type, headers, query, peer_expected, suggested_expected }) => ({
      file,
      method: 'POST',
      type: typeOf(registry_type),
      headers: headers ?? {},
      isFirstOnly: true,
      query: new URLSearchParams(query ?? {}).toString(),
      expected: [suggested_expected ?? peer_expected],
    }))
  }
  return manifest.map(({ file, method, headers, expected, expectedAll = [] }) => {
    const [first = expected, ...others] = expectedAll
    const type = typeOf(file.split('/')[0] ?? '')
    return { file, type, method, headers: headers ?? {}, query: '', expected: [first, ...others], isFirstOnly: false }
  })
}

function typeOf(name: string): string {
  return Object.hasOwn(TYPES, name) ? (TYPES[name] ?? name) : name
}

/** Null where we agree. */
function differenceOf({ expected, isFirstOnly }: PayloadCase, answer: Outcome): string | null {
  const [first] = expected
  const found = JSON.stringify(answer).slice(0, 600)
  const { kind } = first
  if (kind === 'ping' || kind === 'validation') {
    const reply = first.mustAnswer?.body?.validationResponse ?? answer.reply
    return answer.outcome === kind && answer.reply === reply ? null : `expected ${kind}, found ${found}`
  }
  const wanted = expected.filter(isNews).map(normalised)
  const events = answer.events.filter(({ kind }) => !SIGNALS.has(kind))
  if (first.count !== undefined && events.length !== first.count)
    return `expected ${first.count} events, found ${events.length}`
  if (wanted.length === 0 && first.http_status === 200 && first.ignore === undefined && answer.outcome === 'refused') {
    return `expected it to be taken, found ${found}`
  }
  const compared = isFirstOnly || first.count !== undefined ? events.slice(0, 1) : events
  const got = compared.map((event, index) => pick(event, wanted[index] ?? event))
  return isDeepStrictEqual(got, wanted) ? null : `expected ${JSON.stringify(wanted)}, found ${found}`
}

/** Of a peer's row that names no repository, none of our events is expected. */
function isNews({ kind, error, ignore, repository }: Expected): boolean {
  if (kind !== undefined) return kind === 'push' || kind === 'delete' || kind === 'scan'
  return error !== true && ignore === undefined && typeof repository === 'string'
}

type Compared = Readonly<Record<string, string | null>>

/** In our normal form: an empty tag is none, an impossible digest is null, `docker.io/nginx` is `docker.io/library/nginx`. */
function normalised(expected: Expected): Compared {
  const { kind, registry, repository, tag, digest, mediaType } = expected
  const isOfficial = registry === 'docker.io' && repository?.includes('/') === false
  return {
    ...(kind !== undefined && { kind }),
    registry: registry || null,
    repository: isOfficial ? `library/${repository}` : (repository ?? null),
    tag: tag || null,
    digest: Digest.nullable()
      .catch(null)
      .parse(digest ?? null),
    ...(mediaType !== undefined && { mediaType }),
  }
}

/** What the expectation speaks about. */
function pick(event: object, wanted: object): Compared {
  const said = event as Compared
  return Object.fromEntries(Object.keys(wanted).map((key) => [key, said[key] ?? null]))
}
