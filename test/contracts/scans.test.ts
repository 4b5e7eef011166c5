/** What every source of scans keeps: only a finished scan of this very digest is finished, and all else says what it is. */

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ScanFact } from '../../src/domain/evidence.ts'
import { ScanFact as Shape } from '../../src/domain/evidence.ts'
import { Digest, Registry, Repository } from '../../src/domain/image.ts'
import { scanAll } from '../../src/verification/scans/source.ts'
import { guardedHttp, type Asked } from '../helpers/cloud-peer.ts'
import {
  SCAN_NOW,
  SCANNED,
  SCANNER_PEERS,
  SITUATIONS,
  TOKEN,
  type Peer,
  type Situation,
} from '../helpers/scanner-peers.ts'

const STATES: Readonly<Record<Situation, ScanFact['state']>> = {
  clean: 'finished',
  critical: 'finished',
  pages: 'finished',
  pending: 'pending',
  failed: 'failed',
  unsupported: 'unsupported',
  expired: 'expired',
  never: 'not-found',
  gone: 'not-found',
  forbidden: 'unavailable',
  throttled: 'unavailable',
  down: 'unavailable',
  'another-image': 'unavailable',
  'not-json': 'unavailable',
  'another-form': 'unavailable',
  'unknown-word': 'unavailable',
  unrated: 'finished',
}

let reply: (asked: Asked) => unknown
let asked: Asked[]
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`)
    const headers = request.headers as Record<string, string>
    const one = { method: request.method ?? '', url, headers, body: Buffer.concat(chunks).toString() }
    asked.push(one)
    const answer = reply(one)
    const isWhole = typeof answer === 'object' && answer !== null && 'status' in answer && 'body' in answer
    const status = typeof answer === 'number' ? answer : isWhole ? Number(answer.status) : 200
    const body =
      typeof answer === 'number'
        ? '{}'
        : typeof answer === 'string'
          ? answer
          : JSON.stringify(isWhole ? answer.body : answer)
    response.writeHead(status, { 'retry-after': '60' }).end(body)
  })
})
let url: URL
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const image = { registry: Registry.parse('registry.example'), repository: Repository.parse('acme/app') }
const target = { digest: Digest.parse(SCANNED), platform: 'linux/amd64' }

async function find(peer: Peer, situation: Situation): Promise<ScanFact> {
  const made = peer.replies[situation]
  if (made === null) throw new Error('no such situation')
  reply = made
  asked = []
  const [fact] = await scanAll([peer.create(guardedHttp(), url)], image, [target])
  if (fact === undefined) throw new Error('no fact')
  return Shape.parse(fact)
}

describe.each(SCANNER_PEERS.map((peer) => [peer.scanner, peer] as const))('%s', (scanner, peer) => {
  it.each(SITUATIONS.filter((one) => peer.replies[one] !== null))('%s', async (situation) => {
    const fact = await find(peer, situation)
    expect(fact).toMatchObject({ kind: 'scan', scanner, subject: SCANNED, platform: 'linux/amd64', signers: [] })
    expect(fact.state).toBe(STATES[situation])
    expect(fact.detail).not.toBe('')
    if (fact.state !== 'finished') expect(fact).toMatchObject({ counts: {}, findings: null })
  })

  it('proves who asks, and tells nobody the secret', async () => {
    for (const situation of SITUATIONS.filter((one) => peer.replies[one] !== null)) {
      const fact = await find(peer, situation)
      expect(JSON.stringify(fact)).not.toContain(TOKEN)
      expect(asked.length).toBeGreaterThan(0)
      expect(asked.every(peer.isProven)).toBe(true)
    }
  })

  it('counts what is critical, on whatever page', async () => {
    expect(await find(peer, 'critical')).toMatchObject({
      counts: { critical: 1 },
      findings: [{ id: 'CVE-2026-2', severity: 'critical', package: 'openssl', version: '3.0' }],
    })
    if (peer.replies.pages === null) return
    expect(await find(peer, 'pages')).toMatchObject({
      counts: { critical: 1, low: 1 },
      findings: [{ severity: 'low' }, { severity: 'critical' }],
    })
  })

  it('keeps what nobody rated apart', async () => {
    expect((await find(peer, 'unrated')).counts).toMatchObject({ unknown: 1 })
  })

  it('is clean only with a time', async () => {
    if (peer.replies.clean === null) return
    const { counts, findings, scannedAt } = await find(peer, 'clean')
    expect(Object.values(counts).every((count) => count === 0)).toBe(true)
    expect(findings).toEqual([])
    expect(Math.abs((scannedAt ?? 0) - SCAN_NOW)).toBeLessThanOrEqual(60_000)
  })
})

describe('each vendor has its own traps', () => {
  const find1 = (scanner: string, made: (asked: Asked) => unknown): Promise<ScanFact> => {
    const peer = SCANNER_PEERS.find((one) => one.scanner === scanner)
    if (peer === undefined) throw new Error('no peer')
    return find({ ...peer, replies: { ...peer.replies, clean: made } }, 'clean')
  }
  const ecr = (status: string, findings?: object) => ({ imageScanStatus: { status }, imageScanFindings: findings })
  const coverage = (over: object, resources: object[] = []) => ({
    coveredResources: [
      {
        resourceId: `arn:aws:ecr:eu-west-1:111122223333:repository/acme/app/${SCANNED}`,
        lastScannedAt: 1,
        scanStatus: { statusCode: 'ACTIVE', reason: 'SUCCESSFUL' },
        ...over,
      },
      ...resources,
    ],
  })
  const then = (first: unknown) => (one: Asked) => (one.url.pathname === '/coverage/list' ? first : { findings: [] })
  const harbor =
    (over: object, report: object = {}) =>
    (one: Asked) =>
      one.url.pathname.endsWith('/vulnerabilities')
        ? report
        : {
            digest: SCANNED,
            scan_overview: { x: { scan_status: 'Success', summary: { total: 0, summary: {} }, ...over } },
          }

  it.each<[string, string, (asked: Asked) => unknown, Partial<ScanFact>]>([
    [
      'ecr',
      'enhanced scanning is not basic scanning',
      () => ecr('ACTIVE', { findingSeverityCounts: {} }),
      { state: 'unavailable' },
    ],
    ['ecr', 'complete without a list is not clean', () => ecr('COMPLETE'), { state: 'unavailable' }],
    ['ecr', 'an archived image is expired', () => ecr('IMAGE_ARCHIVED'), { state: 'expired' }],
    ['ecr', 'a used-up quota is unavailable', () => ecr('LIMIT_EXCEEDED'), { state: 'unavailable' }],
    ['ecr', 'findings that are unavailable are', () => ecr('FINDINGS_UNAVAILABLE'), { state: 'unavailable' }],
    ['ecr', 'a scan that is to begin is pending', () => ecr('PENDING'), { state: 'pending' }],
    [
      'ecr',
      'pages without an end are unavailable',
      () => ({ ...ecr('COMPLETE', { findingSeverityCounts: {} }), nextToken: 'again' }),
      { state: 'unavailable' },
    ],
    [
      'inspector2',
      'an inactive success is expired',
      then(coverage({ scanStatus: { statusCode: 'INACTIVE', reason: 'SUCCESSFUL' } })),
      { state: 'expired' },
    ],
    [
      'inspector2',
      'a success without a time is pending',
      then(coverage({ lastScannedAt: null })),
      { state: 'pending' },
    ],
    [
      'inspector2',
      'scanned on push alone is finished',
      then(coverage({ scanStatus: { statusCode: 'INACTIVE', reason: 'SCAN_FREQUENCY_SCAN_ON_PUSH' } })),
      { state: 'finished' },
    ],
    [
      'inspector2',
      'coverage of another image is none',
      then({
        coveredResources: [
          { resourceId: 'arn:other', lastScannedAt: 1, scanStatus: { statusCode: 'ACTIVE', reason: 'SUCCESSFUL' } },
        ],
      }),
      { state: 'not-found' },
    ],
    [
      'inspector2',
      'of two coverages the worse counts',
      then(
        coverage({}, [
          { ...coverage({}).coveredResources[0], scanStatus: { statusCode: 'INACTIVE', reason: 'ACCESS_DENIED' } },
        ]),
      ),
      { state: 'failed' },
    ],
    [
      'inspector2',
      'a status that is missing is unavailable',
      then(coverage({ scanStatus: null })),
      { state: 'unavailable' },
    ],
    [
      'inspector2',
      'findings without an end are unavailable',
      (one) => (one.url.pathname === '/coverage/list' ? coverage({}) : { findings: [], nextToken: 'again' }),
      { state: 'unavailable' },
    ],
    [
      'inspector2',
      'findings in another form are unavailable',
      (one) => (one.url.pathname === '/coverage/list' ? coverage({}) : { findings: [{}] }),
      { state: 'unavailable' },
    ],
    [
      'inspector2',
      'findings that are refused are unavailable',
      (one) => (one.url.pathname === '/coverage/list' ? coverage({}) : { status: 403, body: {} }),
      { state: 'unavailable' },
    ],
    [
      'artifact-analysis',
      'of two analyses the worse counts',
      (one) => ({
        occurrences: one.url.search.includes('DISCOVERY')
          ? ['FINISHED_SUCCESS', 'PENDING'].map((analysisStatus) => ({
              resourceUri: `https://registry.example/acme/app@${SCANNED}`,
              discovery: { analysisStatus },
            }))
          : [],
      }),
      { state: 'pending' },
    ],
    [
      'artifact-analysis',
      'pages without an end are unavailable',
      () => ({ nextPageToken: 'again' }),
      { state: 'unavailable' },
    ],
    ['harbor', 'half a scan of an index is pending', harbor({ complete_percent: 50 }), { state: 'pending' }],
    ['harbor', 'a whole scan of an index is finished', harbor({ complete_percent: 100 }), { state: 'finished' }],
    ['harbor', 'success without a summary is not clean', harbor({ summary: null }), { state: 'unavailable' }],
    ['harbor', 'a scan that was stopped has failed', harbor({ scan_status: 'Stopped' }), { state: 'failed' }],
    [
      'harbor',
      'what the total has more is unknown',
      harbor({ summary: { total: 3, summary: { High: 1 } } }),
      { counts: { high: 1, unknown: 2 }, findings: null },
    ],
    [
      'harbor',
      'the higher number counts',
      harbor(
        { summary: { total: 2, summary: { High: 2 } } },
        { x: { vulnerabilities: [{ id: 'a', package: 'b', severity: 'High' }] } },
      ),
      { state: 'finished', counts: { critical: 0, high: 2, medium: 0, low: 0, negligible: 0, unknown: 0 } },
    ],
    [
      'quay',
      'scanned without a report is not clean',
      () => ({ status: 'scanned', data: null }),
      { state: 'unavailable' },
    ],
    [
      'defender',
      'rows without an end are unavailable',
      () => ({ data: [], $skipToken: 'again' }),
      { state: 'unavailable' },
    ],
  ])('%s: %s', async (scanner, _name, made, expected) => {
    expect(await find1(scanner, made)).toMatchObject(expected)
  })

  it('a repository outside of any project is not known to Harbor', async () => {
    const peer = SCANNER_PEERS.find(({ scanner }) => scanner === 'harbor')
    const source = peer?.create(guardedHttp(), url)
    asked = []
    const facts = await scanAll(
      source === undefined ? [] : [source],
      { ...image, repository: Repository.parse('app') },
      [target],
    )
    expect(facts).toMatchObject([{ state: 'not-found' }])
    expect(asked).toEqual([])
  })

  it('Harbor’s repositories are encoded twice', async () => {
    const peer = SCANNER_PEERS.find(({ scanner }) => scanner === 'harbor')
    reply = () => 404
    asked = []
    const source = peer?.create(guardedHttp(), url)
    await scanAll(source === undefined ? [] : [source], { ...image, repository: Repository.parse('acme/team/app') }, [
      target,
    ])
    expect(asked[0]?.url.pathname).toBe(`/api/v2.0/projects/acme/repositories/team%252Fapp/artifacts/${SCANNED}`)
  })

  it('sources are asked about their own registry alone, for each platform', async () => {
    const peer = SCANNER_PEERS.find(({ scanner }) => scanner === 'ecr')
    reply = peer?.replies.clean ?? (() => 404)
    asked = []
    const source = peer?.create(guardedHttp(), url)
    const sources = source === undefined ? [] : [source]
    expect(await scanAll(sources, { ...image, registry: Registry.parse('other.example') }, [target])).toEqual([])
    expect(asked).toEqual([])
    expect(
      await scanAll(
        sources,
        image,
        Array.from({ length: 6 }, () => target),
      ),
    ).toHaveLength(6)
  })
})
