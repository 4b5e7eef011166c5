/** What a sender of every registry meets at the HTTP edge: the answer that it understands, and nothing that stays where it should not. */

import { describe, expect, it } from 'vitest'
import type { Http } from '../../src/clients/http.ts'
import { BODY_BYTES_MAX, STATUS, type Outcome } from '../../src/app.ts'
import { replaceEachNode } from '../helpers/json-mutations.ts'
import { aScene } from '../helpers/edge.ts'
import type { Sent } from '../helpers/receiver-request.ts'
import {
  duplicates,
  fixturesOf,
  merge,
  NOW,
  receiverOf,
  type Fixture,
  type ReceiverSubject,
} from './receiver.contract.ts'

/** Of a shape that no name of an image has, as real ones are. */
const CANARY = 'CANARY+4f5ec4d5/4de4='
/** Where other parts of a request may carry something that is nobody's business. */
const ELSEWHERE: readonly Sent[] = [
  'cookie',
  'forwarded',
  'from',
  'proxy-authorization',
  'referer',
  'traceparent',
  'user-agent',
  'x-api-token',
  'x-forwarded-for',
  'x-request-id',
].map((name) => ({ headers: { [name]: CANARY } }))

export function describeEdge(subject: ReceiverSubject): void {
  const { type, current, stranger } = subject
  const fixtures = fixturesOf(type.type).filter((fixture) => isItsForm(subject, fixture))
  const push = fixtures.find(({ name }) => name === (subject.good ?? 'push'))

  describe(`${subject.name} at the edge`, () => {
    it('is answered once it is kept, and the same again is a duplicate that changes nothing', async () => {
      const { post, stored } = sceneOf(subject)
      const sent = await proven(current, push)
      expect(await answered(await post(sent))).toMatchObject({ status: 202, outcome: 'stored' })
      for (let again = 0; again < 2; again += 1) {
        expect(await answered(await post(sent))).toMatchObject({ status: 200, outcome: 'duplicate' })
      }
      expect(stored[0]).toMatchObject({ source: 'hub', assurance: subject.assurance })
    })

    it('is told nothing, and leaves nothing, where it does not prove itself', async () => {
      const { post, stored } = sceneOf(subject)
      const body = push?.body ?? Buffer.of()
      const sent = await proven(current, push)
      const refused: readonly Sent[] = [await proven(stranger, push), { ...push?.sent, body }]
      for (const one of refused) expect(await answered(await post(one))).toEqual({ status: 401, outcome: 'refused' })
      for (const twice of duplicates(await current.prove(body, NOW))) {
        // What a header holds twice comes to us as one text here, and is then no credential; of signatures that is a list.
        if (twice.headers?.['webhook-signature'] !== undefined) continue
        const response = await answered(await post(merge(sent, body, twice)))
        expect([400, 401]).toContain(response.status)
        expect(response).toMatchObject({ outcome: 'refused' })
      }
      expect(stored).toEqual([])
    })

    it('CVE-2024-40634: is refused what is too large before anything of it is read', async () => {
      const { post, stored, parsed } = sceneOf(subject)
      const large = { name: 'large', sent: push?.sent ?? {}, body: Buffer.alloc(BODY_BYTES_MAX + 1, ' '), expected: {} }
      const response = await post(await proven(current, large))
      expect([STATUS['default']['body-too-large'], STATUS[senderOf(subject)]['body-too-large']]).toContain(
        response.status,
      )
      expect(parsed()).toBe(0)
      expect(stored).toEqual([])
    })

    it('hears of a broken body what keeps it from sending that for ever', async () => {
      const { post, stored } = sceneOf(subject)
      const broken = { name: 'broken', sent: push?.sent ?? {}, body: Buffer.from('{"broken"'), expected: {} }
      const status = STATUS[senderOf(subject)]['not-json']
      expect(await answered(await post(await proven(current, broken)))).toEqual({ status, outcome: 'not-json' })
      expect(stored).toEqual([])
    })

    it.each(fixtures)('$name is kept whole and in order, or not at all', async (fixture) => {
      const { post, stored } = sceneOf(subject)
      const { outcome, events = [], reason } = fixture.expected as Expected
      const response = await answered(await post(await proven(current, fixture)))
      expect(stored.map(({ event: { id } }) => id)).toEqual(events.map(({ id }) => id))
      expect(new Set(stored.map(({ id }) => id)).size).toBe(events.length)
      if (outcome === 'events') expect(response).toMatchObject({ status: 202, outcome: 'stored' })
      else if (outcome === 'refused') expect(response.status).toBe(STATUS[senderOf(subject)][reason ?? 'not-json'])
      else expect(response.status).toBe(200)
    })

    it('GHSA-6w87-g839-9wv7, CVE-2024-31216, CVE-2024-52009, CVE-2022-31098: no secret is logged, counted, kept, answered or sent on', async () => {
      const { post, said, stored, asked } = sceneOf(subject)
      const answers: string[] = []
      const tell = async (sent: Sent): Promise<void> => void answers.push(await (await post(sent)).text())
      for (const key of [current, stranger]) {
        const sent = await proven(key, push)
        await tell(sent)
        for (const more of [...ELSEWHERE, { query: `token=${CANARY}` }, { query: `secret=${CANARY}` }]) {
          await tell({ ...sent, ...more, headers: { ...sent.headers, ...more.headers } })
        }
        for (const name of Object.keys(sent.headers ?? {}))
          await tell({ ...sent, headers: { ...sent.headers, [name]: CANARY } })
        for (const contentType of [CANARY, `text/plain; ${CANARY}`, `text/${CANARY}`]) {
          await tell({ ...sent, headers: { ...sent.headers, 'content-type': contentType } })
        }
        for (const pathSecret of [
          encodeURIComponent(CANARY),
          `${sent.pathSecret ?? ''}${encodeURIComponent(CANARY)}`,
        ]) {
          await tell({ ...sent, pathSecret })
        }
        for (const { text } of replaceEachNode(jsonOf(push), [
          JSON.stringify(CANARY),
          `{"${CANARY}":"${CANARY}"}`,
          `["${CANARY}"]`,
        ])) {
          await tell(await proven(key, { ...push, body: Buffer.from(text) }))
        }
        for (const text of [CANARY, `"${CANARY}"`, `{"${CANARY}"`])
          await tell(await proven(key, { ...push, body: Buffer.from(text) }))
      }
      // What the sender calls its event is a name and no secret; it is how people find it.
      const names = stored.flatMap(({ id, event }) => [id, event.id, JSON.stringify(id).slice(1, -1)])
      const shown = [...said(), ...answers, ...asked()].map((text) => without(text, names)).join('\n')
      const kept = JSON.stringify(stored)
      expect(shown.split('\n').filter((line) => line.includes('CANARY'))).toEqual([])
      for (const canary of [...current.canaries, ...stranger.canaries]) expect(kept + shown).not.toContain(canary)
    })
  })
}

type Expected = {
  readonly outcome: string
  readonly events?: readonly { readonly id: string }[]
  readonly reason?: Extract<Outcome, 'not-json' | 'unknown-schema' | 'unsupported-content-type'>
}

/** A receiver is of one form; its type has the fixtures of all of them. */
function isItsForm({ accepts }: ReceiverSubject, { name }: Fixture): boolean {
  return accepts === undefined || accepts(name)
}

function senderOf(subject: ReceiverSubject) {
  return receiverOf(subject).sender
}

function jsonOf(fixture: Fixture | undefined): unknown {
  return JSON.parse(fixture?.body.toString() ?? 'null')
}

async function proven(key: ReceiverSubject['current'], fixture: Partial<Fixture> | undefined): Promise<Sent> {
  const body = fixture?.body ?? Buffer.of()
  return merge(fixture?.sent ?? {}, body, await key.prove(body, NOW))
}

async function answered(response: Response): Promise<{ readonly status: number }> {
  return { status: response.status, ...((await response.json()) as object) }
}

function without(text: string, names: readonly string[]): string {
  return names.reduce((left, name) => left.replaceAll(name, ''), text)
}

/** The app with this receiver, with all that it says, counts, keeps and asks. */
function sceneOf(subject: ReceiverSubject) {
  const asked: string[] = []
  let parsed = 0
  const own = receiverOf(subject, [subject.current.configured], (http): Http => async (request) => {
    asked.push(JSON.stringify([request.url.href, request.headers ?? {}]))
    return http(request)
  })
  const receiver = {
    ...own,
    parse: ((request, context) => {
      parsed += 1
      return own.parse(request, context)
    }) satisfies typeof own.parse,
  }
  const scene = aScene({ receiver, now: () => NOW })
  return {
    ...scene,
    parsed: () => parsed,
    asked: () => asked,
    said: () => [...scene.lines, JSON.stringify(scene.measured)],
    post: ({ body = '', headers = {}, query = '', pathSecret = null }: Sent) =>
      scene.app.request(`/hooks/hub${pathSecret === null ? '' : `/${pathSecret}`}${query === '' ? '' : `?${query}`}`, {
        method: 'POST',
        body: typeof body === 'string' ? new TextEncoder().encode(body) : new Uint8Array(body),
        headers: Object.entries(headers).flatMap(([name, values]) =>
          [values].flat().map((value): [string, string] => [name, value]),
        ),
      }),
  }
}
