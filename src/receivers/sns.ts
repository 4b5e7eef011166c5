/**
 * The proof of Amazon SNS over HTTPS: an envelope that is signed in the topic's region (RSA). A good signature only says "some
 * topic of somebody", so the topic is pinned; the certificate comes from the one host that the pinned topic's region implies.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 */

import * as z from 'zod'
import type { Http } from '../clients/http.ts'
import { Instant } from '../domain/event.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { RetryLater } from '../domain/retry.ts'
import { JSON_OR_TEXT, readBody } from './body.ts'
import type { Certificates, RsaHash } from './certificates.ts'
import { Region, suffixOf } from './ecr-host.ts'
import { decodeBase64, utf8 } from './encoding.ts'
import type { AuthenticationRefusalReason, BodyRefusalReason, ReceiverRequest, Refusal } from './receiver.ts'

/** SNS tries again within the hour; what is older was recorded by somebody. */
const TOLERANCE_MS = 60 * 60_000
const MESSAGE_LENGTH_MAX = 256 * 1024
const TEXT_LENGTH_MAX = 2048
const TOPIC = /^arn:aws(?:-[a-z-]+)?:sns:(?<region>[a-z0-9-]+):[0-9]{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?$/u
const CERTIFICATE_FILE = /^\/SimpleNotificationService-[A-Za-z0-9]{16,64}\.pem$/u

export const TopicArn = z
  .string()
  .regex(TOPIC, 'expected the ARN of a topic, such as arn:aws:sns:eu-west-1:123456789012:pushes')
  .refine((arn) => Region.safeParse(regionOf(arn)).success, 'expected the ARN of a topic in a region of AWS')

const Text = z.string().max(TEXT_LENGTH_MAX)
const Envelope = z.object({
  Type: z.enum(['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation']),
  MessageId: Text,
  TopicArn: Text,
  Message: z.string().max(MESSAGE_LENGTH_MAX),
  Timestamp: Text,
  Subject: Text.nullish(),
  SubscribeURL: Text.nullish(),
  Token: z
    .string()
    .regex(/^[A-Za-z0-9]{1,1024}$/u)
    .nullish(),
  Signature: z.string().max(1024).optional(),
  SignatureVersion: Text.optional(),
  SigningCertURL: Text.optional(),
})
export type SnsEnvelope = Readonly<z.infer<typeof Envelope>>

/** By `SignatureVersion`. */
const HASHES: ReadonlyMap<string, RsaHash> = new Map([
  ['1', 'SHA-1'],
  ['2', 'SHA-256'],
])

export type SnsRules = {
  readonly topicArn: string
  /** Version 2 (SHA-256), unless the configuration says that the topic still signs by version 1. */
  readonly signatureVersion: '1' | '2'
  readonly certificates: Certificates
}
type Verified = Result<SnsEnvelope, Refusal<AuthenticationRefusalReason>>

/** Throws where the certificate cannot be had. */
export async function verifySns(request: ReceiverRequest, rules: SnsRules, now: number): Promise<Verified> {
  if (request.headers.has('x-amz-sns-rawdelivery')) return missing('raw message delivery, which has no signature')
  const envelope = readEnvelope(request)
  if (!envelope.ok) return missing('a body that is no envelope of SNS')
  const { TopicArn: topic, SignatureVersion: version, SigningCertURL: url, Signature, Timestamp } = envelope.value
  if (Signature === undefined || version === undefined || url === undefined) return missing('an envelope without one')
  if (topic !== rules.topicArn) return wrong('it is of another topic')
  const hash = HASHES.get(version)
  if (version !== rules.signatureVersion || hash === undefined) {
    return wrong(`expected SignatureVersion ${rules.signatureVersion}`)
  }
  const certificate = certificateUrl(url, rules.topicArn)
  if (certificate === null) return wrong(`expected a certificate from ${hostOf(rules.topicArn)}`)
  const sentAt = Instant.safeParse(Date.parse(Timestamp))
  if (!sentAt.success || Math.abs(sentAt.data - now) > TOLERANCE_MS) {
    return err({ reason: 'stale-timestamp', detail: 'the Timestamp of SNS: expected it within an hour of our clock' })
  }
  const signature = decodeBase64(Signature)
  const key = signature === null ? null : await rules.certificates.keyOf(certificate, hash, now)
  if (signature === null || key === null) return wrong('expected a signature, and a certificate behind SigningCertURL')
  const isSigned = await crypto.subtle.verify('RSASSA-PKCS1-v1_5', key, signature, utf8(signedTextOf(envelope.value)))
  return isSigned ? ok(envelope.value) : wrong("it is not this message's")
}

/** Believed only after `verifySns`. */
export function readEnvelope(request: ReceiverRequest): Result<SnsEnvelope, Refusal<BodyRefusalReason>> {
  return readBody(request, Envelope, JSON_OR_TEXT)
}

/** Made by ourselves from the token: `SubscribeURL` would let the message say where we go. */
export async function confirmSubscription(token: string, topicArn: string, http: Http): Promise<void> {
  const host = hostOf(topicArn)
  const url = new URL(`https://${host}/`)
  const query = { Action: 'ConfirmSubscription', TopicArn: topicArn, Token: token, Version: '2010-03-31' }
  url.search = new URLSearchParams(query).toString()
  const answer = await http({ url, hosts: [host] })
  if (answer.ok && answer.value.status === 200) return
  const what = answer.ok ? `answered ${answer.value.status}` : answer.error.detail
  throw new RetryLater(`the subscription to ${topicArn} could not be confirmed: ${what}`)
}

/** Each name and value on a line of its own, in this order. */
function signedTextOf(envelope: SnsEnvelope): string {
  const { Type, Message, MessageId, Subject, SubscribeURL, Timestamp, Token, TopicArn: topic } = envelope
  const lines =
    Type === 'Notification'
      ? { Message, MessageId, Subject, Timestamp, TopicArn: topic, Type }
      : { Message, MessageId, SubscribeURL, Timestamp, Token, TopicArn: topic, Type }
  return Object.entries(lines)
    .filter(([, value]) => typeof value === 'string')
    .map(([name, value]) => `${name}\n${value}\n`)
    .join('')
}

/** Exactly the region's own host: `sns.s3.amazonaws.com` is somebody's bucket, and a user name may look like a host. */
function certificateUrl(text: string, topicArn: string): URL | null {
  const origin = `https://${hostOf(topicArn)}`
  return text.startsWith(`${origin}/`) && CERTIFICATE_FILE.test(text.slice(origin.length)) ? new URL(text) : null
}

function hostOf(topicArn: string): string {
  const region = regionOf(topicArn)
  return `sns.${region}.${suffixOf(region)}`
}

function regionOf(topicArn: string): string {
  return TOPIC.exec(topicArn)?.groups?.['region'] ?? ''
}

function missing(found: string): Verified {
  return err({ reason: 'missing-credential', detail: `expected a signature of SNS, found ${found}` })
}

function wrong(what: string): Verified {
  return err({ reason: 'wrong-credential', detail: `the signature of SNS: ${what}` })
}
