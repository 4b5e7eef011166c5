/** What is particular to the registries beside the four clouds, and does not fit a fixture. */

import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { alibaba } from '../../../src/receivers/alibaba.ts'
import { cdevents } from '../../../src/receivers/cdevents.ts'
import { cloudevents } from '../../../src/receivers/cloudevents.ts'
import { ghcr } from '../../../src/receivers/ghcr.ts'
import { gitea } from '../../../src/receivers/gitea.ts'
import { gitlab } from '../../../src/receivers/gitlab.ts'
import { harbor } from '../../../src/receivers/harbor.ts'
import { jfrog } from '../../../src/receivers/jfrog.ts'
import { nexus } from '../../../src/receivers/nexus.ts'
import { outcomeOf, type Outcome } from '../../../src/receivers/outcome.ts'
import { quay } from '../../../src/receivers/quay.ts'
import type { ReceiverType } from '../../../src/receivers/receiver.ts'
import { zot } from '../../../src/receivers/zot.ts'
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
    [DIGEST, OTHER, DIGEST, DIGEST],
    [DIGEST, DIGEST, OTHER, DIGEST],
    [undefined, OTHER, DIGEST, OTHER],
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

describe('quay', () => {
  it('hears 2xx for all that is authentic: after three refusals it would send nothing more', () => {
    const settings = quay.Settings.parse({ type: 'quay', secret: 'env:S' })
    expect(quay.create(settings, () => async () => ['x'], noHttp, null).sender).toBe('gives-up')
  })

  it.each([
    ['quay.io/acme/payments', 'quay.io'],
    ['https://quay.example.com:8443/acme/payments', 'quay.example.com:8443'],
    ['quay.io', null],
    ['https://', null],
    ['user@quay.io/acme', null],
    [undefined, null],
    ['', null],
    [7, null],
  ])('shows %j as the registry %s', (docker_url, registry) => {
    const body = { repository: 'acme/payments', docker_url, updated_tags: ['1'] }
    expect(read(quay, body).events).toMatchObject([{ registry, digest: null }])
  })

  it('gives a repeated delivery the names of the first, within a minute', () => {
    const body = { repository: 'acme/payments', updated_tags: ['1', '2'] }
    expect(read(quay, body).events.map(({ id }) => id)).toEqual([
      'push/acme/payments:1@/minute-0',
      'push/acme/payments:2@/minute-0',
    ])
  })
})

describe('gitea', () => {
  const receiver = gitea.create({ type: 'gitea', secret: 'env:S' }, () => async () => ['secret'], noHttp, null)
  const body = JSON.stringify({ action: 'created' })
  const signature = createHmac('sha256', 'secret').update(body).digest('hex')

  it("goes by Gitea's own signature alone, not by the copies for GitHub's readers", async () => {
    const copies = { 'x-hub-signature-256': `sha256=${signature}`, 'x-forgejo-signature': signature }
    const sign = (headers: Record<string, string>): unknown =>
      receiver.authenticate(aRequest({ body, headers }), { now: 0 })
    expect(await sign({ 'x-gitea-signature': signature })).toMatchObject({ ok: true })
    expect(await sign(copies)).toMatchObject({ ok: false, error: { reason: 'missing-credential' } })
    expect(await sign({ ...copies, 'x-gitea-signature': '' })).toMatchObject({ ok: false })
  })
})

describe('a repository manager', () => {
  const parseWith = (type: ReceiverType, paths: unknown, body: unknown): Outcome => {
    const settings = type.Settings.parse({ type: type.type, secret: 'env:S', paths })
    const receiver = type.create(settings, () => async () => ['x'], noHttp, null)
    return outcomeOf(receiver.parse(aRequest({ body: JSON.stringify(body) }), { now: 0 }))
  }
  const ofJfrog = {
    domain: 'docker',
    event_type: 'pushed',
    data: { repo_key: 'docker-local', image_name: 'a/b', tag: '1' },
  }
  const component = { format: 'docker', name: 'a/b', version: '1' }
  const ofNexus = { action: 'CREATED', repositoryName: 'docker-local', component }

  it.each([
    [jfrog, ofJfrog, undefined, 'docker-local/a/b'],
    [jfrog, ofJfrog, { 'docker-local': 'docker' }, 'docker/a/b'],
    [jfrog, ofJfrog, { 'docker-local': '' }, 'a/b'],
    [nexus, ofNexus, undefined, 'a/b'],
    [nexus, ofNexus, { 'docker-local': 'docker-local' }, 'docker-local/a/b'],
  ] as const)('of type $type puts the image where people pull it (%#)', (type, body, paths, repository) => {
    expect(parseWith(type, paths, body).events).toMatchObject([{ repository }])
  })

  it.each([
    [jfrog, ofJfrog],
    [nexus, ofNexus],
  ] as const)('of type $type passes over repositories that `paths` does not name (%#)', (type, body) => {
    for (const paths of [{}, { other: '' }, { constructor: 'x' }]) {
      expect(parseWith(type, paths, body)).toEqual({ outcome: 'ignored', reason: 'other-registry', events: [] })
    }
    for (const repository of ['__proto__', 'constructor', 'toString']) {
      const named = { ...body, repositoryName: repository, data: { ...ofJfrog.data, repo_key: repository } }
      expect(parseWith(type, { other: '' }, named), repository).toMatchObject({ reason: 'other-registry' })
    }
  })

  it.each([{ 'docker-local': '/x' }, { 'docker-local': 'X' }, { '': 'x' }, { 'docker-local': null }, []])(
    'refuses the paths %j',
    (paths) => {
      for (const type of [jfrog, nexus]) {
        expect(type.Settings.safeParse({ type: type.type, secret: 'env:S', paths }).success).toBe(false)
      }
    },
  )
})

describe('jfrog', () => {
  const SECRET = 'unit-test-secret'
  const body = JSON.stringify({ domain: 'docker' })
  const signature = createHmac('sha256', SECRET).update(body).digest('hex')
  const enter = async (settings: object, header: string): Promise<boolean> => {
    const parsed = jfrog.Settings.parse({ type: 'jfrog', secret: 'env:S', ...settings })
    const receiver = jfrog.create(parsed, () => async () => [SECRET], noHttp, null)
    return (await receiver.authenticate(aRequest({ body, headers: { 'x-jfrog-event-auth': header } }), { now: 0 })).ok
  }

  it('takes a signature or the secret itself as the configuration says, never whichever fits', async () => {
    expect(await enter({}, signature)).toBe(true)
    expect(await enter({}, SECRET)).toBe(false)
    expect(await enter({ signed: true }, SECRET)).toBe(false)
    expect(await enter({ signed: false }, SECRET)).toBe(true)
    expect(await enter({ signed: false }, signature)).toBe(false)
  })

  it.each([
    ['acme/payments/1.4.2/manifest.json', 'other', 'k/acme/payments'],
    ['manifest.json', 'acme/payments', 'k/acme/payments'],
    ['1.4.2/manifest.json', 'payments', 'k/payments'],
    [undefined, 'payments', 'k/payments'],
  ])('reads the path %s and the name %s as %s', (path, image_name, repository) => {
    const data = { repo_key: 'k', path, image_name, tag: '1.4.2' }
    expect(read(jfrog, { domain: 'docker', event_type: 'pushed', data }).events).toMatchObject([{ repository }])
  })
})

describe('cloudevents and cdevents', () => {
  const enter = async (settings: object, sent: Parameters<typeof aRequest>[0]): Promise<unknown> => {
    const parsed = cloudevents.Settings.parse({ type: 'cloudevents', secret: 'env:S', ...settings })
    const proven = await cloudevents
      .create(parsed, () => async () => ['s3cret'], noHttp, null)
      .authenticate(aRequest(sent), { now: 0 })
    return proven.ok ? proven.value.assurance : proven.error.reason
  }

  it.each([
    [{}, { headers: { 'x-webhook-secret': 's3cret' } }, 'shared-secret'],
    [{}, { pathSecret: 's3cret' }, 'url-secret'],
    [{}, { query: 'secret=s3cret' }, 'url-secret'],
    [{}, { headers: { 'x-webhook-secret': 'wrong' }, pathSecret: 's3cret' }, 'wrong-credential'],
    [{}, { pathSecret: 's3cret', query: 'secret=s3cret' }, 'duplicate-credential'],
    [{ header: 'X-Key' }, { headers: { 'x-key': 's3cret' } }, 'shared-secret'],
    [{ header: 'X-Key' }, { pathSecret: 's3cret' }, 'missing-credential'],
    [{ header: 'X-Key' }, { headers: { 'x-webhook-secret': 's3cret' } }, 'missing-credential'],
  ])('with %j, %j gives %s', async (settings, sent, expected) => {
    expect(await enter(settings, sent)).toBe(expected)
  })

  it.each([
    ['container.push', true],
    ['com.example.container.push', true],
    ['org.container.image.published', true],
    ['com.amazon.ecr.image.push', true],
    ['image.pushed', true],
    ['com.example.database.updated', false],
    ['git.push', false],
    ['myimage.push', false],
    ['image.pushed.failed', false],
    ['image', false],
  ])('the type %s is about a push of an image: %s', (type, isImage) => {
    const event = { specversion: '1.0', type, data: { image: 'ghcr.io/acme/payments:1' } }
    expect(read(cloudevents, event).outcome).toBe(isImage ? 'events' : 'ignored')
  })

  it("reads what an EventBridge rule makes of ECR's push, in the form of Image Updater", () => {
    const source = 'urn:aws:ecr:eu-west-1:123456789012:repository/team/app'
    const event = { specversion: '1.0', id: '1', type: 'com.amazon.ecr.image.push', source, subject: 'team/app:1.4.2' }
    const named = { registry: '123456789012.dkr.ecr.eu-west-1.amazonaws.com', repository: 'team/app', tag: '1.4.2' }
    expect(read(cloudevents, { ...event, data: {} }).events).toMatchObject([named])
    const data = { repositoryName: 'team/app', imageTag: '1.4.2', imageDigest: DIGEST }
    expect(read(cloudevents, { ...event, data }).events).toMatchObject([{ ...named, digest: DIGEST }])
    const elsewhere = { ...event, source: 'urn:aws:ecr:evil.example.com:1:repository/x', data }
    expect(read(cloudevents, elsewhere).events).toMatchObject([{ registry: null }])
  })

  it('decodes attributes in headers, and takes none that came twice', () => {
    const body = { image: 'ghcr.io/acme/payments:1' }
    const headers = { 'ce-type': 'image.pushed', 'ce-id': 'e%20%C3%A4', 'ce-source': '%zz' }
    expect(read(cloudevents, body, headers).events).toMatchObject([{ id: '%zz#e ä' }])
    const twice = aRequest({ body: JSON.stringify(body), headers: { ...headers, 'ce-id': ['1', '2'] } })
    expect(outcomeOf(cloudevents.parse(twice, { now: 0 })).events).toMatchObject([
      { id: 'push/acme/payments:1@/minute-0' },
    ])
  })

  it('name an event by source and id together', () => {
    const event = (source: string) => ({
      specversion: '1.0',
      id: '1',
      source,
      type: 'image.pushed',
      data: { image: 'ghcr.io/a/b:1' },
    })
    const idOf = (source: string): unknown => read(cloudevents, event(source)).events[0]?.id
    expect(idOf('a')).not.toBe(idOf('b'))
  })

  it('takes at most 1000 events in a batch', () => {
    const headers = { 'content-type': 'application/cloudevents-batch+json' }
    const event = { specversion: '1.0', type: 'image.pushed', data: { image: 'ghcr.io/a/b:1' } }
    const batch = (count: number): Outcome =>
      read(
        cloudevents,
        Array.from({ length: count }, () => event),
        headers,
      )
    expect(batch(1000).events).toHaveLength(1000)
    expect(batch(1001)).toMatchObject({ outcome: 'refused', reason: 'unknown-schema' })
    expect(batch(0)).toMatchObject({ outcome: 'ignored', reason: 'no-events' })
  })

  it('serve many hosts', () => {
    expect([cloudevents.manyHosts, cdevents.manyHosts]).toEqual([true, true])
  })
})

describe('alibaba', () => {
  it('never takes a host from the query', () => {
    const body = JSON.stringify({ push_data: { tag: '1' }, repository: { repo_full_name: 'ns/app' } })
    const request = aRequest({ body, query: 'registry_url=evil.example.com' })
    expect(outcomeOf(alibaba.parse(request, { now: 0 })).events).toMatchObject([{ registry: null }])
  })
})

describe('zot', () => {
  it('keeps a manifest from choosing another image: only what it is about is read from it', () => {
    const manifest = JSON.stringify({
      subject: { digest: OTHER },
      artifactType: 'application/vnd.cncf.notary.signature',
    })
    const body = { name: 'acme/payments', reference: DIGEST, digest: DIGEST, mediaType: null, manifest }
    expect(read(zot, body, { 'ce-type': 'zotregistry.image.updated' }).events).toMatchObject([
      { kind: 'signature', repository: 'acme/payments', digest: DIGEST, subject: OTHER },
    ])
  })
})
