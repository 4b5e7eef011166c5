/** What is particular to the registries beside the four clouds, and does not fit a fixture. */

import { describe, expect, it } from 'vitest'
import { ghcr } from '../../../src/receivers/ghcr.ts'
import { gitlab } from '../../../src/receivers/gitlab.ts'
import { harbor } from '../../../src/receivers/harbor.ts'
import { outcomeOf, type Outcome } from '../../../src/receivers/outcome.ts'
import type { ReceiverType } from '../../../src/receivers/receiver.ts'
import { noHttp } from '../../helpers/no-http.ts'
import { aRequest } from '../../helpers/receiver-request.ts'

const DIGEST = `sha256:${'4'.repeat(64)}`
const OTHER = `sha256:${'5'.repeat(64)}`

function read(type: ReceiverType, body: unknown, headers: Record<string, string> = {}): Outcome {
  return outcomeOf(type.parse(aRequest({ body: JSON.stringify(body), headers }), { now: 0 }))
}

describe('ghcr', () => {
  const push = (more: object, version: object = {}): unknown => ({
    action: 'published',
    package: {
      package_type: 'container',
      ...more,
      package_version: { container_metadata: { tag: { name: '1' } }, ...version },
    },
  })
  const eventOf = (body: unknown, headers?: Record<string, string>): unknown => read(ghcr, body, headers).events[0]

  it('speaks for ghcr.io alone', () => {
    expect(ghcr.host).toBe('ghcr.io')
    expect(ghcr.manyHosts).toBeUndefined()
  })

  it.each([
    [{ owner: { login: 'AcMe' }, name: 'Payments' }, {}, 'acme/payments'],
    [{ namespace: 'acme', name: 'shop/payments' }, {}, 'acme/shop/payments'],
    [{ owner: { login: 'acme' }, name: 'other' }, { package_url: 'ghcr.io/acme/payments:1.4.2' }, 'acme/payments'],
    [{ owner: { login: 'acme' }, name: 'other' }, { package_url: 'ghcr.io/acme/payments:' }, 'acme/payments'],
    [{ owner: { login: 'acme' }, name: 'own' }, { package_url: 'evil.example.com/acme/payments:1' }, 'acme/own'],
    [{ owner: { login: 'acme' }, name: 'own' }, { package_url: 'ghcr.io.evil.example.com/a/b:1' }, 'acme/own'],
    [
      { owner: { login: 'acme' }, name: 'own', registry: { url: 'https://CONTAINER.pkg.github.com/acme' } },
      {},
      'acme/own',
    ],
  ])('reads %j and %j as %s', (more, version, repository) => {
    expect(eventOf(push(more, version))).toMatchObject({ registry: 'ghcr.io', repository })
  })

  it.each([{ owner: { login: 'acme' } }, { name: 'payments' }, { owner: { login: '../acme' }, name: 'payments' }, {}])(
    'refuses %j, which names no repository',
    (more) => expect(read(ghcr, push(more))).toMatchObject({ outcome: 'refused', reason: 'unknown-schema' }),
  )

  it.each([
    [DIGEST, DIGEST, DIGEST, DIGEST],
    [DIGEST, undefined, '1.4.2', DIGEST],
    [undefined, undefined, DIGEST, DIGEST],
    [DIGEST, OTHER, DIGEST, null],
    [DIGEST, DIGEST, OTHER, null],
    ['sha256:short', undefined, DIGEST, null],
    ['sha256:short', undefined, undefined, null],
    [undefined, undefined, undefined, null],
  ])('makes of the digests %s, %s and %s %s', (manifest, tag, version, digest) => {
    const container_metadata = { tag: { name: '1', digest: tag }, manifest: { digest: manifest } }
    expect(eventOf(push({ namespace: 'acme', name: 'payments' }, { version, container_metadata }))).toMatchObject({
      digest,
    })
  })

  it('never takes a digest for a tag', () => {
    const version = { version: DIGEST, name: DIGEST, container_metadata: undefined }
    expect(read(ghcr, push({ namespace: 'acme', name: 'payments' }, version))).toMatchObject({
      reason: 'nothing-named',
    })
  })

  it("names an event by GitHub's delivery, which a redelivery repeats, and derives a name where that is no name", () => {
    const body = push({ namespace: 'acme', name: 'payments' })
    expect(eventOf(body, { 'x-github-delivery': '8d5e4b9a-1b7f-11f1' })).toMatchObject({ id: '8d5e4b9a-1b7f-11f1' })
    for (const delivery of ['', 'a b', 'x'.repeat(129), 'ä']) {
      expect(eventOf(body, { 'x-github-delivery': delivery })).toMatchObject({ id: 'push/acme/payments:1@/minute-0' })
    }
  })

  it('goes by the signed body, whatever the event header says', () => {
    const body = push({ namespace: 'acme', name: 'payments' })
    for (const event of ['ping', 'push', '']) expect(eventOf(body, { 'x-github-event': event })).toBeDefined()
    expect(read(ghcr, { zen: 'x' }, { 'x-github-event': 'package' })).toMatchObject({ outcome: 'ping' })
  })
})

describe('gitlab', () => {
  it('holds no sender back: it blocks its queue until it gets 2xx', () => {
    const settings = gitlab.Settings.parse({ type: 'gitlab', secret: 'env:S' })
    expect(gitlab.create(settings, () => async () => ['x'], noHttp, null).sender).toBe('blocking-queue')
  })

  it('keeps a name in upper case as it came, and nothing that is no path', () => {
    const push = (repository: string): unknown => ({ events: [{ action: 'push', target: { repository, tag: '1' } }] })
    expect(read(gitlab, push('group/imageA'))).toMatchObject({ events: [{ repository: 'group/imageA' }] })
    for (const name of ['', '/a', 'a/', 'a//b', 'a/../b', 'a b', 'Å', '\u212a', 'a:1', 'x'.repeat(256)]) {
      expect(read(gitlab, push(name)), name).toMatchObject({ outcome: 'ignored', reason: 'malformed-event' })
    }
  })
})

describe('harbor', () => {
  const push = (resource_url: string | undefined, repository?: object): unknown => ({
    type: 'PUSH_ARTIFACT',
    event_data: { resources: [{ tag: '1.4.2', resource_url }], repository },
  })
  const full = { repo_full_name: 'acme/payments' }

  it.each([
    ['harbor.example.com/acme/payments:1.4.2', full, 'harbor.example.com', 'acme/payments'],
    ['https://harbor.example.com:8443/acme/payments:1', full, 'harbor.example.com:8443', 'acme/payments'],
    [`harbor.example.com/acme/payments@${DIGEST}`, full, 'harbor.example.com', 'acme/payments'],
    [`harbor.example.com/acme/payments:${DIGEST}`, full, 'harbor.example.com', 'acme/payments'],
    ['localhost/acme/payments:1', undefined, 'localhost', 'acme/payments'],
    ['r.example.com/acme/payments:1', { namespace: 'acme', name: 'payments' }, 'r.example.com', 'acme/payments'],
    ['r.example.com/image:1', { repo_full_name: 'image', namespace: 'acme', name: 'x' }, 'r.example.com', 'image'],
    [undefined, full, null, 'acme/payments'],
    ['', full, null, 'acme/payments'],
    ['a_b/acme/payments:1', full, null, 'acme/payments'],
  ])('reads %s beside %j as %s and %s', (url, repository, registry, name) => {
    expect(read(harbor, push(url, repository)).events).toMatchObject([{ registry, repository: name, tag: '1.4.2' }])
  })

  it.each([
    ['acme/payments', full],
    ['acme/payments:1', undefined],
    ['harbor.example.com/acme/other:1', full],
    ['harbor.example.com/acme/payments/..:1', undefined],
    [undefined, undefined],
    [undefined, {}],
  ])('passes over %s beside %j', (url, repository) => {
    expect(read(harbor, push(url, repository))).toMatchObject({ outcome: 'ignored', reason: 'malformed-event' })
  })

  it('gives each resource of a cloud event a name of its own, the same at each retry', () => {
    const resources = ['1', '2', '3'].map((tag) => ({ tag, resource_url: `h.example.com/acme/payments:${tag}` }))
    const body = { specversion: '1.0', id: 'e-1', type: 'harbor.artifact.pushed', data: { resources } }
    expect(read(harbor, body).events.map(({ id }) => id)).toEqual(['e-1', 'e-1/1', 'e-1/2'])
  })
})
