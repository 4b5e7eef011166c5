/** A document that an older program wrote is read by a newer one; the saved samples of every released version say so. */

import { globSync, readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { BULLETIN_SCHEMA } from '../../../src/domain/bulletin.ts'
import { findBreak } from '../../../src/domain/chain.ts'
import { readDocument } from '../../../src/domain/document.ts'
import { Effect, Restoration } from '../../../src/domain/effect.ts'
import { GateState } from '../../../src/domain/gate.ts'
import { ASSURANCES, EVENT_KINDS } from '../../../src/domain/event.ts'
import { ENTRY_KINDS, Entry } from '../../../src/domain/history.ts'
import { Current, LINE_SCHEMA, Look } from '../../../src/domain/line.ts'
import { Message } from '../../../src/domain/message.ts'
import { DeliveryState, Promotion, PROMOTION_PHASES, Proof } from '../../../src/domain/promotion.ts'
import { TRAIN_SCHEMA } from '../../../src/domain/train.ts'
import { Vote, VOTE_WAYS } from '../../../src/domain/vote.ts'
import { STEPS, type Steps, upgrade } from '../../../src/domain/upgrade.ts'
import { InboxRow, InboxState, WALK_STEPS } from '../../../src/domain/walk.ts'
import { aLine, aTrain } from '../../helpers/build.ts'

const FOLDER = 'test/fixtures/documents'
const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))
const samples = globSync(`${FOLDER}/v*/{line,train,bulletin}-*.json`).map((path) => ({ path, sample: read(path) }))
const ofThisVersion = samples.filter(({ sample }) => isOfThisVersion(sample))

describe('a saved sample', () => {
  it.each(samples)('is read: $path', ({ sample }) => {
    expect(readDocument(sample)).toMatchObject({ ok: true })
  })

  it.each(ofThisVersion)('of this version is read whole: $path', ({ sample }) => {
    expect(readDocument(sample)).toEqual({ ok: true, value: sample })
  })

  it.each(samples)('stands in the folder of its version: $path', ({ path, sample }) => {
    expect(sample).toMatchObject({ schema: Number(basename(dirname(path)).slice(1)) })
  })

  it.each(globSync(`${FOLDER}/v*/inbox.json`))('of the inbox is read whole: %s', (path) => {
    const rows = read(path)
    expect(InboxRow.array().parse(rows)).toEqual(rows)
  })

  it.each(globSync(`${FOLDER}/v*/line-every-entry.json`))('has a history whose chain still holds: %s', async (path) => {
    const { tail } = z.object({ tail: Entry.array() }).parse(read(path))
    const isNewest = path.includes(`/v${LINE_SCHEMA}/`)
    expect(tail.length).toBeGreaterThanOrEqual(isNewest ? ENTRY_KINDS.length : 1)
    expect(await findBreak(tail)).toBeNull()
  })
})

describe('the samples of this version', () => {
  const inbox = globSync(`${FOLDER}/v1/inbox.json`).map(read)
  const texts = JSON.stringify([...ofThisVersion.map(({ sample }) => sample), ...inbox])

  it.each([
    { what: 'effect', member: 'kind', values: Effect.options.map(({ shape }) => shape.kind.value) },
    { what: 'restoration', member: 'kind', values: Restoration.options.map(({ shape }) => shape.kind.value) },
    { what: 'message', member: 'kind', values: Message.options.map(({ shape }) => shape.kind.value) },
    { what: 'entry', member: 'kind', values: ENTRY_KINDS },
    { what: 'event', member: 'kind', values: EVENT_KINDS },
    { what: 'current', member: 'state', values: Current.options.map(({ shape }) => shape.state.value) },
    { what: 'delivery', member: 'state', values: DeliveryState.options.map(({ shape }) => shape.state.value) },
    { what: 'row', member: 'state', values: InboxState.options },
    { what: 'phase', member: 'phase', values: PROMOTION_PHASES },
    { what: 'purpose', member: 'purpose', values: Promotion.shape.purpose.options },
    { what: 'way of a vote', member: 'how', values: VOTE_WAYS },
    { what: 'decision', member: 'decision', values: Vote.shape.decision.options },
    { what: 'state of a gate', member: 'state', values: GateState.shape.state.options },
    { what: 'state of a proof', member: 'state', values: Proof.shape.state.options },
    { what: 'look', member: 'running', values: Look.shape.running.options },
    { what: 'step', member: 'step', values: WALK_STEPS },
    { what: 'assurance', member: 'assurance', values: ASSURANCES },
  ])('show every $what', ({ member, values }) => {
    expect(values.filter((value) => !texts.includes(`"${member}":"${value}"`))).toEqual([])
  })
})

describe('a document of an older version', () => {
  const steps: Steps = {
    line: [
      ({ subscription, ...rest }) => ({ ...rest, follows: [subscription] }),
      (document) => {
        if (!Array.isArray(document['follows'])) throw new Error('it follows nothing')
        return { ...document, followers: document['follows'].length }
      },
    ],
    train: [],
  }

  it('climbs every step from its own version on', () => {
    expect(upgrade({ ...aLine(), schema: 1 }, steps)).toMatchObject({
      ok: true,
      value: { schema: 3, follows: ['payments'], followers: 1 },
    })
    const second = { ...aLine(), schema: 2, follows: ['a', 'b'] }
    expect(upgrade(second, steps)).toMatchObject({ ok: true, value: { schema: 3, followers: 2 } })
    expect(upgrade({ ...second, schema: 3 }, steps)).toEqual({ ok: true, value: { ...second, schema: 3 } })
  })

  it('leaves other kinds at theirs', () => {
    const first = { ...aTrain(), schema: 1 }
    expect(upgrade(first, steps)).toEqual({ ok: true, value: first })
    expect(upgrade({ ...first, schema: 2 }, steps)).toMatchObject({ ok: false, error: { reason: 'newer-schema' } })
  })

  it('is not changed in place', () => {
    const line = aLine()
    upgrade(line, steps)
    expect(line).toEqual(aLine())
  })

  it('that no step can read is malformed, with its id, the step and the reason', () => {
    expect(upgrade({ ...aLine(), schema: 2 }, steps)).toEqual({
      ok: false,
      error: {
        reason: 'malformed-document',
        detail: 'line/payments cannot be brought from schema 2 to 3: it follows nothing',
      },
    })
  })
})

describe('what a newer program wrote', () => {
  it.each([
    {
      title: 'a newer version',
      document: { ...aLine(), schema: 3 },
      detail: /line\/payments was written by a newer Drayage \(schema 3, this one reads up to 2\)/u,
    },
    {
      title: 'a newer kind',
      document: { id: 'control', kind: 'control', schema: 1 },
      detail: /control is a "control", which this Drayage does not know/u,
    },
    {
      title: 'a kind named like a method',
      document: { id: 'x', kind: 'constructor', schema: 1 },
      detail: /does not know/u,
    },
  ])('is refused with the reason: $title', ({ document, detail }) => {
    expect(readDocument(document)).toMatchObject({
      ok: false,
      error: { reason: 'newer-schema', detail: expect.stringMatching(detail) },
    })
  })

  it.each([0, -1, 1.5, '1', null, undefined])('is not what has the version %j', (schema) => {
    expect(readDocument({ ...aLine(), schema })).toMatchObject({ ok: false, error: { reason: 'malformed-document' } })
  })
})

it('has as many steps as versions', () => {
  const versions = Object.entries(STEPS).map(([kind, steps]) => [kind, steps.length + 1])
  expect(Object.fromEntries(versions)).toEqual({ line: LINE_SCHEMA, train: TRAIN_SCHEMA, bulletin: BULLETIN_SCHEMA })
})

function isOfThisVersion(sample: unknown): boolean {
  const { kind, schema } = sample as { kind: keyof typeof STEPS; schema: number }
  return schema === STEPS[kind].length + 1
}
