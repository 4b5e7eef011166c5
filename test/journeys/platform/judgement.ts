/** What needs people, proofs and word from outside, on every platform: approval in Slack, signatures, health and channels. */

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { ACTION_APPROVE, ACTION_REJECT, CALLBACK_REJECT } from '../../../src/conversations/slack-blocks.ts'
import { layersArtifact, pushArtifact, tagOf } from '../../helpers/artifacts.ts'
import { spki } from '../../helpers/sigstore/certificates.ts'
import { pem } from '../../helpers/sigstore/der.ts'
import { createSigstore, pair } from '../../helpers/sigstore/instance.ts'
import { signLayer } from '../../helpers/sigstore/signatures.ts'
import { startSlackPeer, type SignedForm, type SlackMessage } from '../../helpers/slack-peer.ts'
import { manifest, type Scene, type Stages, type World } from './world.ts'

const CASE_TIMEOUT_MS = 120_000
/** What somebody had claimed who died is free again after its lease. */
const RESTART_TIMEOUT_MS = 360_000
const GROUP = 'S0RELMGRS'
const MEMBERS = ['U1ANNA', 'U2BEN', 'U3CARA']
/** Nobody signs it in that time. */
const SIGNED_WITHIN = '5s'
const HEALTH_TIMEOUT = '4s'

export type Judges = Awaited<ReturnType<typeof startJudges>>

/** Slack, an address that says whether it is well, a channel that is told, and a key that signs. */
export async function startJudges() {
  const slack = await startSlackPeer()
  slack.groups[GROUP] = MEMBERS
  // Once each: what is told of a failure names no secret either.
  slack.answers.push({ status: 503, body: { ok: false }, headers: { 'retry-after': '1' } })
  const channel = await startListener()
  const keys = pair()
  const secrets = {
    SLACK_TOKEN: slack.token,
    SLACK_SIGNING_SECRET: slack.signingSecret,
    CHANNEL_URL: `${channel.url}/CANARY-of-the-channel`,
    CHANNEL_SECRET: `whsec_${Buffer.from('the channel signs with this').toString('base64')}`,
  }
  const merge = 'when-approved'
  const approval = { slack: 'C0RELEASES', from: [GROUP], votes: 2, expires: '24h' }
  const health = { checks: [{ http: { url: `${channel.url}/health` } }], timeout: HEALTH_TIMEOUT }
  const subscriptions: Readonly<Record<string, Stages>> = {
    approved: { prod: { merge, gates: [{ approval }] } },
    rejected: { prod: { merge, gates: [{ approval }] } },
    proven: { prod: { merge } },
    unproven: { prod: { merge } },
    watchful: { prod: { merge, health } },
  }
  return {
    slack,
    channel,
    keys,
    subscriptions,
    more: {
      slack: { token: 'env:SLACK_TOKEN', signingSecret: 'env:SLACK_SIGNING_SECRET', api: slack.api },
      people: { anna: { slack: 'U1ANNA' } },
      signers: { release: { key: { pem: pem('PUBLIC KEY', spki(keys.publicKey)), log: 'ignore' } } },
      notifications: {
        oncall: {
          type: 'webhook',
          url: 'env:CHANNEL_URL',
          secret: 'env:CHANNEL_SECRET',
          on: ['healthy', 'rolled-back', 'distrusted'],
          subscriptions: ['watchful', 'unproven'],
        },
      },
    },
    verify: { proven: { signature: 'release' }, unproven: { signature: 'release', wait: SIGNED_WITHIN } },
    secrets,
    /** What the world outside was told: no secret may be in it either. */
    heard: (): string =>
      JSON.stringify([slack.messages, slack.calls.map(({ parameters }) => parameters), channel.told]),
    async close(): Promise<void> {
      await slack.close()
      await channel.close()
    },
  }
}

export function judgementCases(world: () => World, judges: () => Judges): void {
  const journey = (title: string, name: string, walk: (scene: Scene) => Promise<void>) =>
    it(title, { timeout: CASE_TIMEOUT_MS }, () => walk(world().scene(name)))
  const click = (form: SignedForm): Promise<Response> => clickAt(world(), form)
  const asked = (scene: Scene, tag: string): Promise<SlackMessage> => askedAbout(judges(), scene, tag)

  journey('delivers what two people approve in Slack, once, and takes no forged click', 'approved', async (scene) => {
    const { slack } = judges()
    const digest = await scene.push('1.1.0')
    await scene.tell('1.1.0')
    const message = await asked(scene, '1.1.0')
    const value = buttonOf(message, ACTION_APPROVE)
    const [anna, ben] = MEMBERS.map((user) => slack.click({ user, action: ACTION_APPROVE, value }))
    if (anna === undefined || ben === undefined) throw new Error('there are no people')
    expect((await click({ headers: anna.headers, body: ben.body })).status).toBe(401)
    expect((await click(slack.click({ user: 'U9MALLORY', action: ACTION_APPROVE, value }))).status).toBe(200)
    expect((await click(anna)).status).toBe(200)
    expect((await click(anna)).status).toBe(200)
    await scene.recorded('a stranger counts for nothing', ({ by }) => by === 'U9MALLORY')
    await scene.recorded("anna's vote", ({ kind, by }) => kind === 'approved' && by === 'anna')
    expect(scene.git.file('prod.yaml')).toBe(manifest(scene.image, OLD_TAG))
    expect((await click(ben)).status).toBe(200)
    await scene.recorded('it is delivered', ({ kind }) => kind === 'healthy')
    expect(scene.git.file('prod.yaml')).toBe(manifest(scene.image, '1.1.0', digest))
    await scene.until('the message says so', () => JSON.stringify(message.blocks).includes('healthy'))
    expect(buttonOf(message, ACTION_APPROVE)).toBe('')
    expect(slack.messages.filter((one) => isAbout(one, scene, '1.1.0'))).toHaveLength(1)
    expect((await scene.history()).filter(({ kind }) => kind === 'delivered')).toHaveLength(1)
  })

  journey('refuses what a person rejects in Slack, with their reason', 'rejected', async (scene) => {
    const { slack } = judges()
    await scene.push('1.1.0')
    await scene.tell('1.1.0')
    const message = await asked(scene, '1.1.0')
    const value = buttonOf(message, ACTION_REJECT)
    expect((await click(slack.click({ user: 'U2BEN', action: ACTION_REJECT, value }))).status).toBe(200)
    expect(slack.calls.filter(({ method }) => method === 'views.open')).toHaveLength(1)
    const form = { user: 'U2BEN', callback: CALLBACK_REJECT, metadata: value, reason: 'broken login' }
    expect((await click(slack.submit(form))).status).toBe(200)
    await scene.recorded('it is rejected', ({ kind, detail }) => kind === 'rejected' && detail.includes('broken login'))
    expect(scene.git.file('prod.yaml')).toBe(manifest(scene.image, OLD_TAG))
    await scene.until('the message says so', () => JSON.stringify(message.blocks).includes('broken login'))
  })

  journey('waits for a signature, and delivers what is signed meanwhile', 'proven', async (scene) => {
    const digest = await scene.push('1.1.0')
    await scene.tell('1.1.0')
    await scene.recorded('it waits', ({ kind, reason }) => kind === 'verdict' && reason === 'undecided')
    await sign(scene, digest, judges())
    await scene.tell(tagOf(digest, '.sig'))
    await scene.recorded(
      'the registry told of it',
      ({ kind, reason }) => kind === 'signalled' && reason === 'signature',
    )
    await scene.recorded('it is delivered', ({ kind }) => kind === 'healthy')
    expect(scene.git.file('prod.yaml')).toBe(manifest(scene.image, '1.1.0', digest))
  })

  journey('refuses what nobody signed in time, and what another key signed', 'unproven', async (scene) => {
    const digest = await scene.push('1.1.0')
    await sign(scene, digest, { keys: pair() })
    await scene.tell('1.1.0')
    await scene.recorded('it is refused', ({ kind }) => kind === 'distrusted')
    expect(scene.git.file('prod.yaml')).toBe(manifest(scene.image, OLD_TAG))
    expect(scene.pulls).toEqual([])
    const told = (): boolean => judges().channel.heard('unproven/prod', 'promotion.distrusted')
    await scene.until('the channel is told', told)
  })

  journey(
    'asks an address whether it is well, rolls back where it is not, and tells of both',
    'watchful',
    async (scene) => {
      const { channel } = judges()
      const good = await scene.push('1.1.0')
      await scene.tell('1.1.0')
      await scene.until('it is told that it is well', () => channel.heard('watchful/prod', 'promotion.healthy'))
      expect(scene.git.file('prod.yaml')).toBe(manifest(scene.image, '1.1.0', good))
      channel.status = 503
      await scene.push('1.2.0')
      await scene.tell('1.2.0')
      await scene.recorded('it is rolled back', ({ kind }) => kind === 'rolled-back')
      expect(scene.git.file('prod.yaml')).toBe(manifest(scene.image, '1.1.0', good))
      await scene.until('it is told so', () => channel.heard('watchful/prod', 'promotion.rolled-back'))
      expect(channel.told.filter(({ signature }) => !signature.startsWith('v1,'))).toEqual([])
    },
  )
}

/** One of two votes is acknowledged; then everything is killed. */
export async function voteOnce(world: World, judges: Judges): Promise<void> {
  const scene = world.scene('approved')
  await scene.push('1.1.0')
  await scene.tell('1.1.0')
  const value = buttonOf(await askedAbout(judges, scene, '1.1.0'), ACTION_APPROVE)
  const answer = await clickAt(world, judges.slack.click({ user: 'U1ANNA', action: ACTION_APPROVE, value }))
  expect(answer.status).toBe(200)
}

export function afterVoteCases(world: () => World, judges: () => Judges): void {
  it(
    'keeps a vote that was acknowledged, and delivers once with the second one',
    { timeout: RESTART_TIMEOUT_MS },
    async () => {
      const scene = world().scene('approved')
      const { slack } = judges()
      await scene.recorded("anna's vote", ({ kind, by }) => kind === 'approved' && by === 'anna', RESTART_TIMEOUT_MS)
      const value = buttonOf(await askedAbout(judges(), scene, '1.1.0'), ACTION_APPROVE)
      expect((await clickAt(world(), slack.click({ user: 'U2BEN', action: ACTION_APPROVE, value }))).status).toBe(200)
      await scene.recorded('it is delivered', ({ kind }) => kind === 'healthy', RESTART_TIMEOUT_MS)
      expect((await scene.history()).filter(({ kind }) => kind === 'delivered')).toHaveLength(1)
      expect(scene.pulls).toHaveLength(1)
    },
  )
}

function clickAt({ platform }: World, { headers, body }: SignedForm): Promise<Response> {
  return fetch(`${platform.hooks}/slack/interactions`, { method: 'POST', headers, body })
}

async function askedAbout({ slack }: Judges, scene: Scene, tag: string): Promise<SlackMessage> {
  const find = () => slack.messages.find((message) => isAbout(message, scene, tag))
  await scene.until(`people are asked about ${tag}`, () => find() !== undefined)
  return find() ?? expect.fail('there is no message')
}

const OLD_TAG = '1.0.0'

/** As cosign signs with a key and without a log: a layer under the tag of the digest. */
async function sign({ image }: Scene, digest: string, { keys }: Pick<Judges, 'keys'>): Promise<void> {
  const [host = '', repository = ''] = image.split(/\/(.*)/su)
  const layer = signLayer(createSigstore(), digest, { keys, by: 'key', log: 'none' })
  await pushArtifact(host, repository, layersArtifact([layer]), tagOf(digest, '.sig'))
}

function isAbout({ blocks }: SlackMessage, { image }: Scene, tag: string): boolean {
  const text = JSON.stringify(blocks)
  return text.includes(image.slice(image.indexOf('/') + 1)) && text.includes(tag)
}

function buttonOf({ blocks }: SlackMessage, action: string): string {
  const elements = blocks.flatMap((block) => (block['elements'] as Record<string, unknown>[] | undefined) ?? [])
  const value = elements.find((element) => element['action_id'] === action)?.['value']
  return typeof value === 'string' ? value : ''
}

type Told = { readonly type: string; readonly subject: string; readonly signature: string }

/** Is asked whether it is well, and is told news. */
async function startListener() {
  const told: Told[] = []
  const state = { status: 200 }
  let isTired = false
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (request.method === 'GET') return response.writeHead(state.status).end()
      if (told.length === 0 && !isTired) {
        isTired = true
        return response.writeHead(503, { 'retry-after': '1' }).end()
      }
      const { type, data } = JSON.parse(Buffer.concat(chunks).toString()) as { type: string; data: { subject: string } }
      told.push({ type, subject: data.subject, signature: String(request.headers['webhook-signature']) })
      return response.writeHead(204).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    told,
    heard: (subject: string, type: string): boolean => told.some((one) => one.subject === subject && one.type === type),
    async close(): Promise<void> {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  })
}
