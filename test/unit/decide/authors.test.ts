/** Who wrote the commit of an image does not approve it. */

import { describe, expect, it } from 'vitest'
import type { Answer } from '../../../src/domain/answer.ts'
import type { Verdict } from '../../../src/domain/verdict.ts'
import { NOW } from '../../helpers/build.ts'
import { playLine, type PlayedLine } from '../../helpers/play.ts'
import { aWorkloadStage, type WorldOptions } from '../../helpers/world.ts'

const commit = { repository: 'https://github.com/acme/payments', id: 'a'.repeat(40) }
const verify = {
  require: [{ kind: 'signature', anyOf: ['ci'], atLeast: 1 }],
  wait: 60_000,
  fresh: 3_600_000,
  reconsider: false,
}
const approval = {
  kind: 'approval',
  from: ['anna', 'ben', 'github:cara'],
  votes: 1,
  atLeast: [],
  otherWays: 0,
  expires: 3_600_000,
}
const people = { anna: { github: 'Ann-GH' }, ben: {} }
const source = { github: 'acme/payments', token: 'env:T' }
const known = { at: NOW, signers: [], platforms: [], counts: {}, findings: [], more: 0, named: 'none' } as const

function waiting(more: WorldOptions = {}, builtFrom: typeof commit | undefined = commit): PlayedLine {
  const stages = [{ ...aWorkloadStage('dev'), verify, gates: [approval] }]
  const line = playLine({ people, stages, subscription: { source }, ...more })
  line.offer('1.1.0', 1)
  line.look()
  const verdict: Verdict = { state: 'trusted', outcomes: [], at: NOW }
  const answer: Answer = {
    kind: 'verdict',
    verdict,
    builtAt: null,
    known: { ...known, signers: [], platforms: [], findings: [], ...(builtFrom && { builtFrom }) },
  }
  line.answer('verify', answer)
  return line
}

const approve = (line: PlayedLine, by: string, groups: string[] = []) =>
  line.step({
    kind: 'vote',
    stage: 'dev',
    promotion: line.stage().promotion?.id ?? '',
    vote: { by, how: 'api', groups, decision: 'approve', reason: '', at: NOW, shown: '' },
  })
const phase = (line: PlayedLine) => line.stage().promotion?.phase
const gate = (line: PlayedLine) => line.stage().promotion?.gates.find((one) => one.gate === 'approval')?.detail

describe('the author of the verified commit', () => {
  it('is asked for once, of that very commit', () => {
    const line = waiting()
    line.tick()
    expect(line.effects('ask-authors')).toMatchObject([{ commit }])
  })

  it.each([
    ['by the name that the configuration has for them', ['ann-gh'], 'anna', []],
    ['by their login', ['cara'], 'github:cara', ['github:cara']],
    ['though another wrote it with them', ['dora', 'ann-gh'], 'anna', []],
  ])('does not approve it: %s', (_title, logins, by, groups) => {
    const line = waiting()
    line.answer('ask-authors', { kind: 'authors', logins })
    approve(line, by, [...groups])
    expect(phase(line)).toBe('gated')
    expect(line.notes.at(-1)?.detail).toMatch(/wrote the commit that it was built from/u)
    approve(line, 'ben')
    expect(phase(line)).toBe('delivering')
  })

  it('is waited for: a yes that came before is theirs or not', () => {
    const line = waiting()
    approve(line, 'anna')
    expect(phase(line)).toBe('gated')
    expect(gate(line)).toMatch(/being asked; approved by anna/u)
    line.answer('ask-authors', { kind: 'authors', logins: ['ann-gh'] })
    expect(phase(line)).toBe('gated')
    expect(gate(line)).toMatch(/1 more approval/u)
  })

  it('that nobody knows stands in nobody’s way, and that is shown', () => {
    const line = waiting()
    approve(line, 'anna')
    line.answer('ask-authors', { kind: 'failed', reason: 'authors-unknown', detail: 'GitHub could not be asked' })
    expect(phase(line)).toBe('delivering')
    expect(gate(line)).toMatch(/who wrote the commit is not known: GitHub could not be asked/u)
  })

  it.each<[string, WorldOptions, typeof commit | undefined]>([
    ['nothing verified names a commit', {}, undefined],
    ['the subscription has no source', { subscription: {} }, commit],
    ['nobody has a way in there', { subscription: { source: { github: 'acme/payments' } } }, commit],
  ])('is not asked for where %s', (_title, options, builtFrom) => {
    const stages = [{ ...aWorkloadStage('dev'), verify, gates: [approval] }]
    const line = builtFrom === undefined ? waitingWithout() : waiting({ ...options, stages }, builtFrom)
    expect(line.effects('ask-authors')).toEqual([])
    approve(line, 'anna')
    expect(phase(line)).toBe('delivering')
  })

  function waitingWithout(): PlayedLine {
    const line = playLine({
      people,
      stages: [{ ...aWorkloadStage('dev'), verify, gates: [approval] }],
      subscription: { source },
    })
    line.offer('1.1.0', 1)
    line.look()
    line.answer('verify', { kind: 'verdict', verdict: { state: 'trusted', outcomes: [], at: NOW }, builtAt: null })
    return line
  }
})

it.each<[string, Answer, string]>([
  ['who it is', { kind: 'authors', logins: ['ann-gh', 'dora'] }, 'anna, github:dora'],
  [
    'that nobody knows it',
    { kind: 'failed', reason: 'authors-unknown', detail: 'GitHub could not be asked' },
    'who wrote the commit is not known: GitHub could not be asked',
  ],
])('people who are asked are shown %s', (_title, answer, text) => {
  const line = waiting({ stages: [{ ...aWorkloadStage('dev'), verify, gates: [{ ...approval, slack: 'C0REL' }] }] })
  line.answer('ask-authors', answer)
  const facts = line.effects('show').at(-1)?.card.facts ?? []
  expect(facts.find(({ label }) => label === 'written by')?.text).toBe(text)
})
