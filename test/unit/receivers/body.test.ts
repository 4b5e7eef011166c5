import { expect, it } from 'vitest'
import * as z from 'zod'
import { readBody } from '../../../src/receivers/body.ts'
import { aRequest } from '../../helpers/receiver-request.ts'

const Payload = z.object({ name: z.string(), list: z.array(z.object({ id: z.number() })).optional() })
const read = (body: string | Uint8Array, type?: string | readonly string[]): ReturnType<typeof readBody> =>
  readBody(aRequest({ body, headers: type === undefined ? {} : { 'content-type': type } }), Payload)

it.each([
  'application/json',
  'Application/JSON; charset=utf-8',
  'application/vnd.docker.distribution.events.v2+json',
  'application/vnd.docker.distribution.events.v1+json',
  'application/cloudevents+json; charset=UTF-8',
  'application/cloudevents-batch+json',
])('takes %s', (type) => {
  expect(read('{"name":"a"}', type)).toMatchObject({ ok: true })
})

it('takes a body without a content type, and one with a byte order mark', () => {
  expect(read('\ufeff{"name":"a"}')).toMatchObject({ ok: true })
})

it.each([
  'application/x-www-form-urlencoded',
  'text/plain',
  'application/jsonp',
  'application/xml',
  'x-application/json',
  '',
])('refuses %j and says what it wants', (type) => {
  expect(read('{"name":"a"}', type)).toMatchObject({
    ok: false,
    error: { reason: 'unsupported-content-type', detail: expect.stringContaining('application/json') },
  })
})

it('refuses two content types of which one is foreign', () => {
  expect(read('{"name":"a"}', ['application/json', 'text/plain'])).toMatchObject({
    ok: false,
    error: { reason: 'unsupported-content-type' },
  })
})

it('takes 64 levels below the outermost one, not 65', () => {
  const nested = (depth: number): string => `{"name":"a","x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
  expect(read(nested(64))).toMatchObject({ ok: true })
  expect(read(nested(65))).toMatchObject({ ok: true })
  expect(read(nested(66))).toMatchObject({ ok: false, error: { reason: 'not-json' } })
})

it('says where a body differs, never what it holds', () => {
  const result = read('{"name":"CANARY","list":[{"id":1},{"id":"CANARY"}]}')
  expect(result).toMatchObject({
    ok: false,
    error: { reason: 'unknown-schema', detail: expect.stringMatching(/^list\.1\.id: /u) },
  })
  expect(JSON.stringify(result)).not.toContain('CANARY')
})

it('refuses bytes that are no UTF-8', () => {
  expect(read(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d))).toMatchObject({ ok: false, error: { reason: 'not-json' } })
})
