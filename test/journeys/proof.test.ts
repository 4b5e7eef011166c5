/** Whole ways of a push whose image has to be proven, through the service, over registries with and without a referrers API. */

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digestOf } from '../../src/cli/demo/image.ts'
import { startRegistry } from '../../src/cli/demo/registry.ts'
import type { Entry } from '../../src/domain/history.ts'
import type { Digest } from '../../src/domain/image.ts'
import {
  artifact,
  bundleArtifact,
  fallbackIndex,
  layersArtifact,
  pushArtifact,
  pushManifest,
  tagOf,
  type Artifact,
  type Part,
  type Subject,
} from '../helpers/artifacts.ts'
import { startDockerRegistry } from '../helpers/docker-registry.ts'
import { drayage } from '../helpers/drayage.ts'
import { createRepository, type GitRepository } from '../helpers/git-repository.ts'
import { startHarborFront, type HarborFront } from '../helpers/harbor-front.ts'
import { eventually, startService, type Service } from '../helpers/service.ts'
import { createSigstore, GITHUB_ISSUER, WORKFLOW } from '../helpers/sigstore/instance.ts'
import { signBundle, signLayer, statement } from '../helpers/sigstore/signatures.ts'
import { hasProgram } from '../helpers/skopeo.ts'

const CASE_TIMEOUT_MS = 120_000
const SECRET = 'Bearer CANARY-of-harbor'
const SARIF = 'application/sarif+json'
const INDEX = 'application/vnd.oci.image.index.v1+json'
const OLD = '1.0.0'
const sigstore = createSigstore()
const bySigner = { signature: 'ci' }
const clean = { scan: { maximum: { critical: 0 } } }
const subscriptions: Readonly<Record<string, object>> = {
  signed: { verify: { ...bySigner, wait: '5m' } },
  unsigned: { verify: { ...bySigner, wait: '3s' } },
  child: { verify: { ...bySigner, wait: '3s' } },
  critical: { verify: { ...bySigner, ...clean, wait: '5m' } },
  swapped: { verify: { ...bySigner, wait: '3s' } },
  reported: { verify: { ...bySigner, scan: { ...clean.scan, from: ['sarif'] }, wait: '5m' } },
  listening: {
    verify: { ...bySigner, ...clean, wait: '5m' },
    owners: ['team-payments'],
    stages: { dev: { git: 'gitops', file: 'dev.yaml' }, prod: { git: 'gitops', file: 'listening.yaml', after: 'dev' } },
  },
}
const manifest = (image: string): string => `kind: Deployment\nspec:\n  image: ${image}\n`

type Backend = { readonly host: string; close(): Promise<void> }

describe.each<[string, () => Promise<Backend>, boolean, boolean]>([
  ['Debian’s docker-registry, by fallback tags', () => startDockerRegistry(), false, hasProgram('docker-registry')],
  ['a registry with the referrers API, in pages', () => startRegistry(), true, true],
])('over %s', (_title, start, referrers, isHere) => {
  describe.skipIf(!isHere)('', () => {
    let backend: Backend
    let front: HarborFront
    let git: GitRepository
    let service: Service
    /** What refers to a digest, where the registry keeps no list of its own. */
    const listed = new Map<string, Artifact[]>()

    beforeAll(async () => {
      backend = await start()
      front = await startHarborFront(backend.host, { referrers })
      const names = Object.keys(subscriptions)
      const files = names.map((name) => [`${name}.yaml`, manifest(`${imageOf(name)}:${OLD}`)] as const)
      git = createRepository({ ...Object.fromEntries(files), 'dev.yaml': manifest(`${imageOf('listening')}:${OLD}`) })
      const config = {
        registries: {
          harbor: { host: front.host, insecure: true, scan: 'harbor', events: { type: 'harbor', secret: 'env:HOOK' } },
        },
        git: { gitops: { url: git.path } },
        trust: { own: { file: 'root.json' } },
        signers: { ci: { keyless: { issuer: GITHUB_ISSUER, subject: WORKFLOW }, trust: 'own' } },
        subscriptions: Object.fromEntries(
          Object.entries(subscriptions).map(([name, own]) => [
            name,
            {
              image: imageOf(name),
              tags: { semver: '>=1' },
              stages: { prod: { git: 'gitops', file: `${name}.yaml` } },
              ...own,
            },
          ]),
        ),
      }
      service = await startService({
        yaml: Object.entries(config)
          .map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
          .join(''),
        env: { HOOK: SECRET },
        files: { 'root.json': sigstore.trustedRoot() },
      })
    })
    afterAll(async () => {
      await service.remove()
      await front.close()
      await backend.close()
      git.close()
    })

    const imageOf = (name: string): string => `${front.host}/acme/${name}`

    /** One platform, and what makes it another one. */
    function anImage(content: string): Artifact {
      const config = Buffer.from(
        JSON.stringify({ os: 'linux', architecture: 'amd64', config: { User: '1000' }, content }),
      )
      const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar', annotations: {}, blob: config }
      const mediaType = 'application/vnd.oci.image.config.v1+json'
      return layersArtifact([layer], { config: { mediaType, digest: digestOf(config), size: config.length } })
    }

    const subjectOf = ({ manifest: { mediaType, bytes }, digest }: Artifact): Subject => ({
      digest,
      mediaType,
      size: bytes.length,
    })

    async function push(name: string, tag: string): Promise<Artifact> {
      const image = anImage(`${name} ${tag}`)
      await pushArtifact(front.host, `acme/${name}`, image, tag)
      return image
    }

    async function refer(name: string, subject: string, referrer: Artifact): Promise<void> {
      await pushArtifact(front.host, `acme/${name}`, referrer)
      const all = [...(listed.get(subject) ?? []), referrer]
      listed.set(subject, all)
      if (!referrers) await pushManifest(front.host, `acme/${name}`, fallbackIndex(all), tagOf(subject))
    }

    /** As cosign does: a bundle that refers to it. */
    async function sign(name: string, { digest, ...rest }: Artifact): Promise<void> {
      const subject = subjectOf({ digest, ...rest })
      await refer(name, digest, bundleArtifact(subject, signBundle(sigstore, statement(digest))))
    }

    async function tell(type: string, name: string, digest: string, tag?: string): Promise<void> {
      const resource_url = `${imageOf(name)}${tag === undefined ? `@${digest}` : `:${tag}`}`
      const repository = { repo_full_name: `acme/${name}`, namespace: 'acme', name }
      const resources = [{ digest, ...(tag === undefined ? {} : { tag }), resource_url }]
      const occur_at = Math.floor(Date.now() / 1000)
      const body = { type, occur_at, operator: 'ci', event_data: { resources, repository }, nonce: randomUUID() }
      const headers = { 'content-type': 'application/json', authorization: SECRET }
      const answer = await fetch(`${service.hooks}/hooks/harbor`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      })
      expect(answer.status).toBe(202)
    }

    const history = async (name: string): Promise<readonly Entry[]> =>
      (await service.client.history({ subscription: name, limit: '500' })).entries
    const recorded = (name: string, what: string, holds: (entry: Entry) => boolean): Promise<void> =>
      eventually(`${name}: ${what}`, async () => (await history(name)).some(holds))
    const fileOf = (name: string): string => git.file(`${name}.yaml`)
    const at = (name: string, tag: string, digest: Digest): string => manifest(`${imageOf(name)}:${tag}@${digest}`)

    const journey = (title: string, walk: () => Promise<void>): void =>
      it.concurrent(title, { timeout: CASE_TIMEOUT_MS }, walk)

    journey('push → wait → sign → deliver', async () => {
      const image = await push('signed', '1.1.0')
      await tell('PUSH_ARTIFACT', 'signed', image.digest, '1.1.0')
      await recorded('signed', 'it waits', ({ kind, reason }) => kind === 'verdict' && reason === 'undecided')
      expect(fileOf('signed')).toBe(manifest(`${imageOf('signed')}:${OLD}`))
      await sign('signed', image)
      await tell('PUSH_ARTIFACT', 'signed', image.digest, tagOf(image.digest))
      await recorded('signed', 'it is delivered', ({ kind }) => kind === 'healthy')
      expect(fileOf('signed')).toBe(at('signed', '1.1.0', image.digest))
    })

    journey('push → never signed → denied, with what was found', async () => {
      const image = await push('unsigned', '1.1.0')
      await tell('PUSH_ARTIFACT', 'unsigned', image.digest, '1.1.0')
      await recorded(
        'unsigned',
        'it is denied',
        ({ kind, reason, detail }) =>
          kind === 'distrusted' && reason === 'never-proven' && detail.includes('no signature was found'),
      )
      await sign('unsigned', image)
      await tell('PUSH_ARTIFACT', 'unsigned', image.digest, '1.1.0')
      await recorded('unsigned', 'a later signature changes nothing', ({ reason }) => reason === 'refused-before')
      expect(fileOf('unsigned')).toBe(manifest(`${imageOf('unsigned')}:${OLD}`))
    })

    journey('push → signed, and its scan is critical → denied', async () => {
      const image = await push('critical', '1.1.0')
      await sign('critical', image)
      front.found.set(image.digest, [{ id: 'CVE-2026-7777', severity: 'Critical' }])
      await tell('PUSH_ARTIFACT', 'critical', image.digest, '1.1.0')
      await recorded(
        'critical',
        'it is denied',
        ({ kind, reason, detail }) =>
          kind === 'distrusted' && reason === 'distrusted' && detail.includes('harbor: 1 critical, limit 0'),
      )
      expect(fileOf('critical')).toBe(manifest(`${imageOf('critical')}:${OLD}`))
    })

    journey('index signed, and its child promoted → denied; the index itself is delivered', async () => {
      const child = anImage('a child')
      await pushArtifact(front.host, 'acme/child', child)
      const platform = { os: 'linux', architecture: 'amd64' }
      const document = { schemaVersion: 2, mediaType: INDEX, manifests: [{ ...subjectOf(child), platform }] }
      const part: Part = { mediaType: INDEX, bytes: Buffer.from(JSON.stringify(document)) }
      const index: Artifact = { manifest: part, digest: digestOf(part.bytes), blobs: [] }
      await pushManifest(front.host, 'acme/child', part, '1.2.0')
      await sign('child', index)
      await pushManifest(front.host, 'acme/child', child.manifest, '1.1.0')
      await tell('PUSH_ARTIFACT', 'child', child.digest, '1.1.0')
      await recorded(
        'child',
        'it is denied',
        ({ kind, image }) => kind === 'distrusted' && image?.includes(child.digest) === true,
      )
      await tell('PUSH_ARTIFACT', 'child', index.digest, '1.2.0')
      await recorded('child', 'the index is delivered', ({ kind }) => kind === 'healthy')
      expect(fileOf('child')).toBe(at('child', '1.2.0', index.digest))
    })

    journey(
      'CVE-2022-47633: the tag becomes another image once it was looked up → what was verified is delivered',
      async () => {
        const [signed, other] = [await push('swapped', '1.1.0'), anImage('nobody signed this')]
        await pushArtifact(front.host, 'acme/swapped', other)
        await sign('swapped', signed)
        const at1 = '/v2/acme/swapped/manifests/1.1.0'
        front.swaps.set(at1, `/v2/acme/swapped/manifests/${other.digest}`)
        await tell('PUSH_ARTIFACT', 'swapped', signed.digest, '1.1.0')
        await recorded('swapped', 'it is delivered', ({ kind }) => kind === 'healthy')
        expect(fileOf('swapped')).toBe(at('swapped', '1.1.0', signed.digest))
        await tell('PUSH_ARTIFACT', 'swapped', other.digest, '1.1.0')
        await recorded(
          'swapped',
          'the other one is refused',
          ({ kind, reason }) => kind === 'refused' && reason === 'moved-tag',
        )
        expect(fileOf('swapped')).toBe(at('swapped', '1.1.0', signed.digest))
      },
    )

    journey('push → a report is attached and signed → deliver', async () => {
      const image = await push('reported', '1.1.0')
      await sign('reported', image)
      await tell('PUSH_ARTIFACT', 'reported', image.digest, '1.1.0')
      await recorded('reported', 'it waits', ({ kind, reason }) => kind === 'verdict' && reason === 'undecided')
      const sarif = { version: '2.1.0', runs: [{ tool: { driver: { name: 'Trivy' } }, results: [] }] }
      const file: Part = { mediaType: SARIF, bytes: Buffer.from(JSON.stringify(sarif)) }
      const report = artifact([file], { artifactType: SARIF, subject: subjectOf(image) })
      await refer('reported', image.digest, report)
      const layers = layersArtifact([signLayer(sigstore, report.digest)])
      await pushArtifact(front.host, 'acme/reported', layers, tagOf(report.digest, '.sig'))
      await tell('PUSH_ARTIFACT', 'reported', image.digest, tagOf(image.digest))
      await recorded('reported', 'it is delivered', ({ kind }) => kind === 'healthy')
      expect(fileOf('reported')).toBe(at('reported', '1.1.0', image.digest))
    })

    journey('deliver clean → the scanner finds something → notice, and who is affected', async () => {
      const [running, newer] = [await push('listening', '1.1.0'), await push('listening', '1.2.0')]
      for (const image of [running, newer]) await sign('listening', image)
      front.found.set(running.digest, [])
      front.found.set(newer.digest, [])
      await tell('PUSH_ARTIFACT', 'listening', running.digest, '1.1.0')
      await recorded('listening', 'it runs at prod', ({ kind, stage }) => kind === 'healthy' && stage === 'prod')
      const pin = await drayage(['pin', 'listening/prod', '--reason', 'a freeze', '--config', service.config])
      expect(pin.code).toBe(0)
      await tell('PUSH_ARTIFACT', 'listening', newer.digest, '1.2.0')
      const isNewer = ({ kind, stage, image }: Entry): boolean =>
        kind === 'healthy' && stage === 'dev' && image?.includes(newer.digest) === true
      await recorded('listening', 'the newer one runs at dev', isNewer)
      expect(await affected('CVE-2026-1234')).toMatchObject({ code: 1 })

      front.found.set(running.digest, [{ id: 'CVE-2026-1234', severity: 'Critical' }])
      await tell('SCANNING_COMPLETED', 'listening', running.digest, '1.1.0')
      await recorded('listening', 'it is told', ({ kind, reason }) => kind === 'noticed' && reason === 'new-finding')
      const notice = (await history('listening')).find(({ reason }) => reason === 'new-finding')
      expect(notice).toMatchObject({ stage: 'prod', image: `${imageOf('listening')}:1.1.0@${running.digest}` })
      expect(notice?.detail).toContain('new since it was looked at: CVE-2026-1234')
      expect(notice?.detail).toContain('runs at prod')
      expect(notice?.detail).toContain('owners: team-payments')
      expect(notice?.detail).toContain(`newest without it: ${imageOf('listening')}:1.2.0@${newer.digest}`)
      expect(fileOf('listening')).toBe(at('listening', '1.1.0', running.digest))
      const { code, out } = await affected('CVE-2026-1234')
      expect([code, out]).toEqual([0, expect.stringContaining('listening/prod (team-payments)')])
    })

    async function affected(subject: string) {
      const { code, stdout } = await drayage(['affected', subject, '--config', service.config])
      return { code, out: stdout }
    }
  })
})
