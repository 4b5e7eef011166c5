/** What is left of a delivery that was recorded. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redactBody, redactHeaders } from '../../../src/cli/record/redact.ts'

const redact = (body: unknown, secrets: readonly string[] = []): unknown =>
  JSON.parse(redactBody(Buffer.from(JSON.stringify(body)), secrets))

describe('the headers', () => {
  const kept = [
    'content-type',
    'user-agent',
    'x-github-event',
    'x-github-delivery',
    'ce-type',
    'x-nexus-webhook-id',
    'webhook-id',
  ]
  const dropped = [
    'authorization',
    'cookie',
    'x-hub-signature-256',
    'x-gitea-signature',
    'x-jfrog-event-auth',
    'x-github-encoded-secret',
    'x-webhook-secret',
    'x-drayage-key',
    'x-forwarded-for',
    'host',
  ]

  it('that a parser reads are kept, all others dropped', () => {
    const headers = new Map([...kept, ...dropped].map((name) => [name, ['CANARY']]))
    expect(Object.keys(redactHeaders(headers))).toEqual(kept)
  })

  it('that came twice are dropped: a fixture cannot say so', () => {
    expect(redactHeaders(new Map([['ce-type', ['a', 'b']]]))).toEqual({})
  })
})

describe('the body', () => {
  it.each([
    [{ secret: 'x' }, { secret: 'REDACTED' }],
    [{ secret: '' }, { secret: '' }],
    [
      { hook: { config: { secret: 'x', url: 'https://a.example/h' } } },
      { hook: { config: { secret: 'REDACTED', url: 'https://a.example/h' } } },
    ],
    [{ access_token: ['x', 'y'] }, { access_token: ['REDACTED', 'REDACTED'] }],
    [{ email: 'ada.l+x@acme.co.uk' }, { email: 'somebody@example.com' }],
    [{ pusher: 'Ada <ada@acme.example>' }, { pusher: 'Ada <somebody@example.com>' }],
    [{ addr: '10.1.2.3:4711' }, { addr: '192.0.2.1:4711' }],
    [{ initiator: 'ci/10.1.2.3' }, { initiator: 'ci/192.0.2.1' }],
    [{ tag: '18.6.1.0' }, { tag: '18.6.1.0' }],
    [{ url: 'https://s3.example.com/x?X-Amz-Signature=abc&y=1' }, { url: 'https://s3.example.com/x?REDACTED' }],
    [{ url: 'https://a.example/x?page=2' }, { url: 'https://a.example/x?page=2' }],
    [{ image: 'ghcr.io/acme/payments:1.4.2@sha256:abc' }, { image: 'ghcr.io/acme/payments:1.4.2@sha256:abc' }],
    [
      { id: 'pkg:oci/a@sha256%3Aabc?repository_url=ghcr.io/a' },
      { id: 'pkg:oci/a@sha256%3Aabc?repository_url=ghcr.io/a' },
    ],
    [{ manifest: '{"token":"x","a":1}' }, { manifest: '{"token":"REDACTED","a":1}' }],
    [
      [1, null, true],
      [1, null, true],
    ],
  ])('%j becomes %j', (body, expected) => {
    expect(redact(body)).toEqual(expected)
  })

  it('holds no value of a secret in force, wherever it stood', () => {
    const body = { url: 'https://d.example.com/hooks/hub/CANARY', text: 'CANARY CANARY', list: ['CANARY'] }
    expect(JSON.stringify(redact(body, ['', 'CANARY']))).not.toContain('CANARY')
    expect(redactBody(Buffer.from('payload=CANARY'), ['CANARY'])).toBe('payload=REDACTED')
  })

  it('is read the same afterwards where nothing had to go, whatever it is', () => {
    const key = fc
      .string()
      .filter(
        (name) => !/secret|pass|token|auth|cred|key|sign|cookie|addr|ip|init/iu.test(name) && name !== '__proto__',
      )
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value')),
        fc.dictionary(key, tie('value')),
      ),
    })).value
    fc.assert(
      fc.property(json, (value) => {
        expect(redact(value)).toEqual(value)
      }),
    )
  })
})
