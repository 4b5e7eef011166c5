/** From the body's bytes to a payload: UTF-8, JSON, schema; each failure has its reason. Call it after authentication only. */

import type * as z from 'zod'
import { Json } from '../domain/json.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { BodyRefusalReason, ReceiverRequest, Refusal } from './receiver.ts'

/** `application/json` and its kin; what follows (`; charset=utf-8`) does not matter. */
const JSON_TYPE = /^application\/(?:[a-z0-9.+-]+\+)?json(?![a-z0-9.+-])/iu
/** Of senders who call their JSON text. */
export const JSON_OR_TEXT = new RegExp(`${JSON_TYPE.source}|^text/plain(?![a-z0-9.+-])`, 'iu')
/** A header may hold anything, and a log must not: of what was found, only these are named. */
const NAMED = [
  'application/octet-stream',
  'application/x-www-form-urlencoded',
  'application/xml',
  'multipart/form-data',
  'text/html',
  'text/plain',
] as const

/** Reads a body that must be JSON of this shape. A missing content type is taken as JSON. */
export function readBody<T>(
  request: ReceiverRequest,
  payload: z.ZodType<T>,
  /** For senders who call their JSON something else. */
  contentType = JSON_TYPE,
): Result<T, Refusal<BodyRefusalReason>> {
  const foreign = (request.headers.get('content-type') ?? []).find((type) => !contentType.test(type))
  if (foreign !== undefined) {
    const found = NAMED.find((type) => foreign.toLowerCase().startsWith(type)) ?? 'another'
    return err({
      reason: 'unsupported-content-type',
      detail: `expected the content type application/json, found ${found}`,
    })
  }
  return readText(textOf(request.body), payload)
}

/** The same for JSON that travels as text within another body. */
export function readText<T>(text: string, payload: z.ZodType<T>): Result<T, Refusal<BodyRefusalReason>> {
  const json = Json.safeParse(text)
  if (!json.success) return err({ reason: 'not-json', detail: describeIssue(json.error) })
  const parsed = payload.safeParse(json.data)
  if (!parsed.success) return err({ reason: 'unknown-schema', detail: describeIssue(parsed.error) })
  return ok(parsed.data)
}

/** The first thing that is wrong, and where. Never the value that was found: it may be a misplaced secret. */
export function describeIssue(error: z.ZodError): string {
  const [issue] = error.issues
  if (issue === undefined) return 'malformed'
  return issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Bytes that are no UTF-8 give no JSON either. */
function textOf(body: Uint8Array): string {
  try {
    return utf8.decode(body)
  } catch {
    return ''
  }
}
