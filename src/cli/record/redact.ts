/** A delivery without what is nobody's business: only the headers that a parser reads, and a body without secrets and people. */

import { Json } from '../../domain/json.ts'

/** All others are dropped, whatever they are called: senders have put secrets into headers of new names. */
const HEADERS =
  /^(?:content-type|user-agent|webhook-id|ce-[a-z]+|x-(?:github|gitea|forgejo)-(?:event|event-type|delivery|hook-id)|x-nexus-webhook-(?:id|delivery)|aeg-(?:event-type|delivery-count|data-version|metadata-version)|x-amz-sns-(?:message-type|message-id|topic-arn|rawdelivery))$/u
const SECRET_KEY = /secret|passw|token|authori[sz]ation|credential|api_?-?key|private_?key|signature|^cookie$/iu
const ADDRESS_KEY = /addr|(?:^|_)ip$|ip_?address|initiator|^source_?ip/iu
const SECRET_QUERY = /[?&](?:[^=&#]*(?:sig|token|key|secret|credential|password|x-amz)[^=&#]*)=/iu
const EMAIL = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/gu
const IP_V4 = /\b(?:\d{1,3}\.){3}\d{1,3}\b/gu
const REDACTED = 'REDACTED'
const SOMEBODY = 'somebody@example.com'
/** Of the addresses that are kept free for documentation (RFC 5737). */
const SOMEWHERE = '192.0.2.1'

export function redactHeaders(headers: ReadonlyMap<string, readonly string[]>): Record<string, string> {
  const kept = [...headers].filter(([name, values]) => HEADERS.test(name) && values.length === 1)
  return Object.fromEntries(kept.map(([name, [value = '']]) => [name, value]))
}

/** `secrets`: the values in force, which may stand anywhere. What is no JSON is kept as text, without them. */
export function redactBody(body: Uint8Array, secrets: readonly string[]): string {
  const text = new TextDecoder().decode(body)
  const json = Json.safeParse(text)
  if (!json.success) return withoutSecrets(text, secrets)
  return `${JSON.stringify(redacted(json.data, '', secrets), null, 2)}\n`
}

function redacted(node: unknown, key: string, secrets: readonly string[]): unknown {
  if (Array.isArray(node)) return node.map((item) => redacted(item, key, secrets))
  if (typeof node === 'object' && node !== null) {
    return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, redacted(value, name, secrets)]))
  }
  return typeof node === 'string' ? redactedText(node, key, secrets) : node
}

/** What travels as JSON within a text is redacted as JSON. */
function redactedText(text: string, key: string, secrets: readonly string[]): string {
  if (text !== '' && SECRET_KEY.test(key)) return REDACTED
  const inner = /^\s*[[{]/u.test(text) ? Json.safeParse(text) : undefined
  if (inner?.success === true) return JSON.stringify(redacted(inner.data, '', secrets))
  const address = ADDRESS_KEY.test(key) ? text.replaceAll(IP_V4, SOMEWHERE) : text
  return withoutQuery(withoutSecrets(address, secrets)).replaceAll(EMAIL, SOMEBODY)
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.filter((secret) => secret !== '').reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text)
}

/** Presigned URLs let in whoever has them. */
function withoutQuery(text: string): string {
  return /^https?:/u.test(text) && SECRET_QUERY.test(text) ? text.replace(/\?.*$/su, `?${REDACTED}`) : text
}
