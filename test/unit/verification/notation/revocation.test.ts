/** Revocation over real connections: responders on this machine under public names, good ones and all kinds of bad ones. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createHttp, type Http } from '../../../../src/clients/http.ts'
import { parseCertificate } from '../../../../src/verification/notation/certificate.ts'
import type { RevocationQuestion } from '../../../../src/verification/notation/notation.ts'
import { createNetworkRevocation } from '../../../../src/verification/notation/revocation/network.ts'
import {
  aNonce,
  authority,
  DAY_MS,
  EKU,
  extension,
  issue,
  NOTATION_NOW as NOW,
  revocationList,
  statusAnswer,
  type CertificateOptions,
  type Issued,
  type ListOptions,
  type StatusOptions,
} from '../../../helpers/notation-pki.ts'
import { explicit, generalizedTime, integer, nil, octets, oid, sequence, tlv } from '../../../helpers/der-writer.ts'

const OCSP = 'http://ocsp.acme.example/status'
const LIST = 'http://lists.acme.example/root.crl'

type Handler = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void
let handler: Handler
let port: number
let asked: string[]
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    asked.push(`${request.method} ${request.headers['x-host']}${request.url}`)
    handler(request, response, Buffer.concat(chunks))
  })
})
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  asked = []
})

/** Public names lead to this machine; the rules for strangers hold all the same. */
function anHttp(): Http {
  return createHttp({
    fetch: async (url, init, trust) => {
      expect(trust).toBe('stranger')
      return fetch(`http://127.0.0.1:${port}${url.pathname}`, {
        ...init,
        headers: { ...init.headers, 'x-host': url.host },
      })
    },
    now: () => NOW,
    random: () => 0,
    sleep: async () => undefined,
  })
}

const root = authority()
function signed(options: CertificateOptions): Issued {
  return issue({ keyKind: 'P-256', ...options }, root)
}

function question(leaf: Issued, over: Partial<RevocationQuestion> = {}): RevocationQuestion {
  const chain = [leaf, root].map(({ der }) => parseCertificate(Uint8Array.from(der)))
  if (!chain.every((one) => one !== null)) throw new Error('no certificate')
  return { chain, aws: null, signedAt: null, now: NOW, ...over }
}

function check(nonce = aNonce()) {
  return createNetworkRevocation({ http: anHttp(), randomBytes: () => Uint8Array.from(nonce) })
}

const answer =
  (bytes: Uint8Array): Handler =>
  (_request, response) =>
    void response.end(bytes)

describe('OCSP', () => {
  const leaf = signed({ ocsp: [OCSP] })
  const delegate = signed({ subject: [['CN', 'responder']], purposes: { oids: [EKU.ocspSigning] } })
  const status = (over: Partial<StatusOptions> = {}): Buffer =>
    statusAnswer({ certificate: leaf, issuer: root, ...over })
  const delegated = (by: Issued, over: Partial<StatusOptions> = {}): Buffer =>
    status({ signedBy: by, certificates: [by], ...over })

  it.each<[string, () => Buffer, string]>([
    ['good', () => status(), 'good'],
    ['good, by the hash of the key', () => status({ byKey: true }), 'good'],
    ['good, by SHA-256', () => status({ hash: 'sha256' }), 'good'],
    ['good, of whom the issuer certified for it', () => delegated(delegate), 'good'],
    ['good, of him by the hash of his key', () => delegated(delegate, { byKey: true }), 'good'],
    ['revoked', () => status({ status: 'revoked' }), 'revoked'],
    ['revoked, of whom the issuer certified for it', () => delegated(delegate, { status: 'revoked' }), 'revoked'],
    ['unknown', () => status({ status: 'unknown' }), 'unknown'],
    ['out of date', () => status({ nextUpdate: NOW }), 'unknown'],
    ['without an end', () => status({ nextUpdate: null }), 'unknown'],
    ['of the future', () => status({ thisUpdate: NOW + 6 * 60_000 }), 'unknown'],
    ['of a clock that is a little ahead', () => status({ thisUpdate: NOW + 5 * 60_000 }), 'good'],
    ['with a signature that does not hold', () => status({ corrupt: true }), 'unknown'],
    ['about another certificate', () => status({ serial: 5 }), 'unknown'],
    ['about another issuer', () => status({ keyOf: delegate }), 'unknown'],
    ['to another question', () => status({ nonce: aNonce() }), 'unknown'],
    [
      'of a stranger',
      () => delegated(issue({ subject: [['CN', 'responder']], purposes: { oids: [EKU.ocspSigning] } })),
      'unknown',
    ],
    ['of another certificate of the issuer', () => delegated(signed({ subject: [['CN', 'x']] })), 'unknown'],
    [
      'of somebody certified for something else',
      () => delegated(signed({ purposes: { oids: [EKU.codeSigning] } })),
      'unknown',
    ],
    [
      'of somebody whose time is over',
      () => delegated(signed({ purposes: { oids: [EKU.ocspSigning] }, notAfter: NOW - 1_000 })),
      'unknown',
    ],
    [
      'of somebody whose time has not come',
      () => delegated(signed({ purposes: { oids: [EKU.ocspSigning] }, notBefore: NOW + 1_000 })),
      'unknown',
    ],
    [
      'of somebody who may not sign',
      () => delegated(signed({ purposes: { oids: [EKU.ocspSigning] }, usage: { bits: [2] } })),
      'unknown',
    ],
    [
      'of somebody who names another',
      () => delegated(delegate, { namedBy: signed({ subject: [['CN', 'y']] }) }),
      'unknown',
    ],
    ['in the name of the issuer by somebody else', () => status({ signedBy: delegate, namedBy: root }), 'unknown'],
    [
      'of somebody whose time ends now',
      () => delegated(signed({ purposes: { oids: [EKU.ocspSigning] }, notAfter: NOW })),
      'good',
    ],
    [
      'of somebody whose time begins now',
      () => delegated(signed({ purposes: { oids: [EKU.ocspSigning] }, notBefore: NOW })),
      'good',
    ],
    ['of a responder that is busy', () => status({ code: 3 }), 'unknown'],
    ['of a responder that refuses', () => status({ code: 6 }), 'unknown'],
    [
      'of another kind',
      () =>
        sequence(tlv(0x0a, Buffer.from([0])), explicit(0, sequence(tlv(0x06, Buffer.from([0x2a, 3])), octets(nil)))),
      'unknown',
    ],
    ['with its version', () => status({ version: 0 }), 'good'],
    ['among sixteen', () => status({ copies: 16 }), 'good'],
    ['among too many', () => status({ copies: 17 }), 'unknown'],
    ['with four certificates', () => status({ certificates: [delegate, delegate, delegate, delegate] }), 'good'],
    [
      'with too many certificates',
      () => status({ certificates: Array.from({ length: 5 }, () => delegate) }),
      'unknown',
    ],
    ['of another type', () => status({ type: '1.2.3' }), 'unknown'],
    [
      'whose content cannot be read',
      () => sequence(tlv(0x0a, Buffer.from([0])), explicit(0, sequence(oid('1.3.6.1.5.5.7.48.1.1'), octets(nil)))),
      'unknown',
    ],
    ['that is nothing', () => Buffer.from('x'), 'unknown'],
  ])('an answer %s', async (_name, make, state) => {
    handler = answer(make())
    expect((await check()(question(leaf))).state).toBe(state)
    expect(asked).toEqual(['POST ocsp.acme.example/status'])
  })

  it.each([
    [2, 'it has an error of its own'],
    [3, 'it is busy'],
    [4, 'it failed'],
    [6, 'it does not answer us'],
  ])('says why there is none: %d', async (code, detail) => {
    handler = answer(status({ code }))
    expect(await check()(question(leaf))).toEqual({ state: 'unknown', detail: `OCSP: ${detail}` })
  })

  it('an answer to our own question is good', async () => {
    const nonce = aNonce()
    handler = (request, response, body) => {
      expect(request.headers['content-type']).toBe('application/ocsp-request')
      expect(body.includes(nonce)).toBe(true)
      response.end(status({ nonce }))
    }
    expect((await check(nonce)(question(leaf))).state).toBe('good')
  })

  it('what was signed before the key went bad stays good, where that time is proven', async () => {
    const invalidAt = NOW - 10 * DAY_MS
    handler = answer(status({ status: 'revoked', invalidAt }))
    expect((await check()(question(leaf, { signedAt: invalidAt - 1 }))).state).toBe('good')
    expect((await check()(question(leaf, { signedAt: invalidAt }))).state).toBe('revoked')
    expect((await check()(question(leaf))).state).toBe('revoked')
  })

  it('is asked once until its answer is out of date', async () => {
    handler = answer(status({ nextUpdate: NOW + 60_000 }))
    const asking = check()
    for (const now of [NOW, NOW + 59_999, NOW + 60_000]) await asking(question(leaf, { now }))
    expect(asked).toHaveLength(2)
  })

  it('is asked again in half a day, however long its answer says that it is good', async () => {
    handler = answer(status({ nextUpdate: NOW + 90 * DAY_MS }))
    const asking = check()
    for (const now of [NOW, NOW + DAY_MS / 2 - 1, NOW + DAY_MS / 2]) await asking(question(leaf, { now }))
    expect(asked).toHaveLength(2)
  })

  it('what was not certain is asked again', async () => {
    handler = answer(status({ status: 'unknown' }))
    const asking = check()
    for (const _ of [1, 2]) await asking(question(leaf))
    expect(asked).toHaveLength(2)
  })
})

describe('a revocation list', () => {
  const leaf = signed({ lists: [LIST] })
  const list = (over: Partial<ListOptions> = {}): Buffer => revocationList({ issuer: root, ...over })
  const revoked = (...extensions: Buffer[]): Partial<ListOptions> => ({
    revoked: [{ serial: 3 }, { serial: leaf.serial, extensions }],
  })
  const reason = (code: number): Buffer => extension('2.5.29.21', false, tlv(0x0a, Buffer.from([code])))
  const point = (...fields: Buffer[]): Partial<ListOptions> => ({
    extensions: [extension('2.5.29.28', true, sequence(...fields))],
  })
  const at = (url: string): Buffer => explicit(0, explicit(0, tlv(0x86, Buffer.from(url))))
  const yes = (number: number): Buffer => tlv(0x80 + number, Buffer.from([0xff]))
  const stranger = authority({ key: issue({ keyKind: 'P-384' }) })

  it.each<[string, () => Buffer, string]>([
    ['of nobody', () => list(), 'good'],
    ['of others', () => list({ revoked: [{ serial: 3 }] }), 'good'],
    ['with its number', () => list({ extensions: [extension('2.5.29.20', false, integer(7))] }), 'good'],
    ['for this place', () => list(point(at(LIST))), 'good'],
    ['of leaves alone', () => list(point(yes(1))), 'good'],
    ['of this one', () => list(revoked()), 'revoked'],
    ['of this one, whose key was stolen', () => list(revoked(reason(1))), 'revoked'],
    ['of this one, on hold', () => list(revoked(reason(6))), 'revoked'],
    ['that takes this one out again', () => list(revoked(reason(8))), 'good'],
    ['with an entry of another issuer', () => list(revoked(extension('2.5.29.29', true, nil))), 'unknown'],
    ['out of date', () => list({ nextUpdate: NOW }), 'unknown'],
    ['without an end', () => list({ nextUpdate: null }), 'unknown'],
    ['of the future', () => list({ thisUpdate: NOW + 6 * 60_000 }), 'unknown'],
    ['of another issuer', () => list({ issuer: authority({ subject: [['CN', 'other']] }) }), 'unknown'],
    [
      'of another issuer with the same key',
      () => list({ issuer: authority({ key: root, subject: [['CN', 'renamed']] }) }),
      'unknown',
    ],
    ['of a clock that is a little ahead', () => list({ thisUpdate: NOW + 5 * 60_000 }), 'good'],
    ['with two signature algorithms', () => list({ innerHash: 'sha384' }), 'unknown'],
    ['of nothing', () => sequence(), 'unknown'],
    ['of half of itself', () => sequence(sequence()), 'unknown'],
    ['signed by somebody else', () => list({ signedBy: stranger }), 'unknown'],
    ['signed with SHA-1', () => list({ hash: 'sha1' }), 'unknown'],
    ['for another place', () => list(point(at('http://lists.acme.example/other.crl'))), 'unknown'],
    ['for a place relative to its issuer', () => list(point(explicit(0, explicit(1, nil)))), 'unknown'],
    ['of authorities alone', () => list(point(yes(2))), 'unknown'],
    ['of leaves, and of some reasons alone', () => list(point(yes(1), tlv(0x83, Buffer.from([0, 0x80])))), 'unknown'],
    [
      'of this one, with an extension that nobody has to know',
      () => list(revoked(extension('1.2.3', false, nil))),
      'revoked',
    ],
    ['of some reasons alone', () => list(point(tlv(0x83, Buffer.from([0, 0x80])))), 'unknown'],
    ['of other issuers too', () => list(point(yes(4))), 'unknown'],
    ['of attributes alone', () => list(point(yes(5))), 'unknown'],
    ['for a place that cannot be read', () => list({ extensions: [extension('2.5.29.28', true, nil)] }), 'unknown'],
    ['of changes alone', () => list({ extensions: [extension('2.5.29.27', true, integer(1))] }), 'unknown'],
    ['that is nothing', () => Buffer.from('x'), 'unknown'],
  ])('%s', async (_name, make, state) => {
    handler = answer(make())
    expect((await check()(question(leaf))).state).toBe(state)
    expect(asked).toEqual(['GET lists.acme.example/root.crl'])
  })

  it('of somebody who may not sign lists says nothing', async () => {
    const own = authority({ usage: { bits: [5] } })
    const signer = issue({ lists: [LIST] }, own)
    handler = answer(revocationList({ issuer: own }))
    const chain = [signer, own].map(({ der }) => parseCertificate(Uint8Array.from(der))).filter((one) => one !== null)
    expect((await check()(question(leaf, { chain }))).state).toBe('unknown')
  })

  it('keeps what was signed before the key went bad, where that time is proven', async () => {
    const when = NOW - 10 * DAY_MS
    handler = answer(list(revoked(extension('2.5.29.24', false, generalizedTime(when)))))
    expect((await check()(question(leaf, { signedAt: when - 1 }))).state).toBe('good')
    expect((await check()(question(leaf, { signedAt: when }))).state).toBe('revoked')
  })
})

describe('the network', () => {
  const both = signed({ ocsp: [OCSP], lists: [LIST] })
  const good = (): Buffer => revocationList({ issuer: root })

  it('that gives no status is asked for the list', async () => {
    handler = (request, response) => {
      if (request.method === 'POST') response.writeHead(500).end()
      else response.end(good())
    }
    expect((await check()(question(both))).state).toBe('good')
  })

  it.each<[string, Handler]>([
    ['has an outage', (_request, response) => void response.writeHead(503).end()],
    ['refuses', (_request, response) => void response.writeHead(403).end()],
    ['hangs up', (request) => void request.socket.destroy()],
    [
      'redirects to another host',
      (_request, response) => void response.writeHead(302, { location: 'http://elsewhere.example/' }).end(),
    ],
    [
      'redirects into our network',
      (_request, response) => void response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
    ],
    ['sends more than any list', (_request, response) => void response.end(Buffer.alloc(9 * 1024 * 1024))],
  ])('that %s says nothing certain', async (_name, made) => {
    handler = made
    const said = await check()(question(both))
    expect(said.state).toBe('unknown')
    expect(asked.every((one) => one.includes('acme.example'))).toBe(true)
  })

  it.each([
    'http://127.0.0.1/x',
    'http://169.254.169.254/latest',
    'http://metadata.google.internal/',
    'http://localhost/',
    'https://ocsp.acme.example:8443/',
    'ldap://lists.acme.example/',
    'file:///etc/passwd',
    'not a place',
  ])('is not asked at %s', async (url) => {
    handler = answer(good())
    expect((await check()(question(signed({ lists: [url] })))).state).toBe('unknown')
    expect((await check()(question(signed({ ocsp: [url] })))).state).toBe('unknown')
    expect(asked).toEqual([])
  })

  it('that answers with an error is not believed, whatever it sends', async () => {
    handler = (_request, response) => void response.writeHead(404).end(good())
    expect((await check()(question(signed({ lists: [LIST] })))).state).toBe('unknown')
  })

  it('is asked by OCSP at three places of a certificate at most', async () => {
    handler = (_request, response) => void response.writeHead(404).end()
    const ocsp = Array.from({ length: 9 }, (_, at) => `http://ocsp.acme.example/${at}`)
    expect((await check()(question(signed({ ocsp })))).state).toBe('unknown')
    expect(asked).toHaveLength(3)
  })

  it('is asked at three places of a certificate at most', async () => {
    handler = (_request, response) => void response.writeHead(404).end()
    const places = Array.from({ length: 9 }, (_, at) => `http://lists.acme.example/${at}`)
    expect((await check()(question(signed({ lists: places })))).state).toBe('unknown')
    expect(asked).toHaveLength(3)
  })

  it('is not asked about a root, or where the issuer names no place', async () => {
    expect((await check()(question(signed({})))).state).toBe('good')
    const alone = parseCertificate(Uint8Array.from(root.der))
    expect((await check()(question(both, { chain: alone === null ? [] : [alone] }))).state).toBe('good')
    expect(asked).toEqual([])
  })

  it('is asked about each authority too', async () => {
    const between = authority({ lists: [LIST] }, root)
    const leaf = issue({}, between)
    handler = answer(revocationList({ issuer: root, revoked: [{ serial: between.serial }] }))
    const chain = [leaf, between, root]
      .map(({ der }) => parseCertificate(Uint8Array.from(der)))
      .filter((one) => one !== null)
    expect((await check()(question(leaf, { chain }))).state).toBe('revoked')
  })

  it('that knows leaves alone says nothing of an authority', async () => {
    const between = authority({ lists: [LIST] }, root)
    const leaf = issue({}, between)
    const point = extension('2.5.29.28', true, sequence(tlv(0x81, Buffer.from([0xff]))))
    handler = answer(revocationList({ issuer: root, extensions: [point] }))
    const chain = [leaf, between, root]
      .map(({ der }) => parseCertificate(Uint8Array.from(der)))
      .filter((one) => one !== null)
    expect((await check()(question(leaf, { chain }))).state).toBe('unknown')
  })

  it('forgets the oldest of very many answers', async () => {
    const asking = check()
    const leaves = Array.from({ length: 257 }, (_, at) => signed({ serial: 50_000 + at, lists: [LIST] }))
    handler = answer(good())
    for (const leaf of [...leaves, leaves[256], leaves[0]]) if (leaf !== undefined) await asking(question(leaf))
    expect(asked).toHaveLength(258)
  })
})
