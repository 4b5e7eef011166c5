import { describe, expect, it } from 'vitest'
import type { Answer } from '../../../src/domain/answer.ts'
import type { Digest } from '../../../src/domain/image.ts'
import { knownFrom } from '../../../src/domain/known.ts'
import type { Verdict } from '../../../src/domain/verdict.ts'
import type { Requirement } from '../../../src/domain/verification-policy.ts'
import { aDigest } from '../../helpers/build.ts'
import { aPolicy } from '../../helpers/evidence.ts'
import { delivered, image, playLine, UNWELL, WELL, type PlayedLine } from '../../helpers/play.ts'
import { aGitStage, aWorkloadStage } from '../../helpers/world.ts'

const MINUTE_MS = 60_000
const byCi: Requirement = { kind: 'signature', anyOf: ['ci'], atLeast: 1 }
const byQa: Requirement = { kind: 'signature', anyOf: ['qa'], atLeast: 1 }
const policy = aPolicy([byCi])
const verified = { ...(aWorkloadStage('dev') as { targets: object[] }), verify: policy }

function said(line: PlayedLine, state: Verdict['state'], builtAt: number | null = null): Answer {
  const rule = { rule: 'signature: ci', state: state === 'trusted' ? 'held' : 'waiting', detail: 'as found' } as const
  return { kind: 'verdict', verdict: { state, outcomes: [rule], at: line.now() }, builtAt }
}

function verifying(stage: object = verified): PlayedLine {
  const line = playLine({ stages: [stage] })
  line.offer('1.1.0', 1)
  line.look()
  return line
}

function trusted(stage: object = verified): PlayedLine {
  const line = verifying(stage)
  line.answer('verify', said(line, 'trusted'))
  return line
}

/** 1.1.0 runs, as proven. */
function running(stage: object = verified): PlayedLine {
  const line = trusted(stage)
  line.deliver()
  line.answer('check-health', WELL)
  return line
}

describe('a promotion under a policy', () => {
  it('delivers nothing before it is proven', () => {
    const line = verifying()
    expect(line.stage().promotion).toMatchObject({ phase: 'verifying', provenBy: line.now() + 15 * MINUTE_MS })
    expect(line.effects('deliver')).toEqual([])
    expect(line.effects('verify')).toHaveLength(1)
  })

  it('is delivered once it is trusted, and what runs knows when it was built', () => {
    const line = verifying()
    line.answer('verify', said(line, 'trusted', 12))
    line.deliver()
    line.answer('check-health', WELL)
    expect(line.stage().current).toMatchObject({ state: 'candidate', builtAt: 12 })
    expect(line.kinds()).toEqual(expect.arrayContaining(['promotion-opened', 'verdict', 'delivered', 'healthy']))
  })

  it('waits while it is undecided, and looks again with backoff', () => {
    const line = verifying()
    const delays: number[] = []
    for (let looks = 0; looks < 5; looks += 1) {
      line.answer('verify', said(line, 'undecided'))
      delays.push((line.effects('verify')[0]?.due ?? 0) - line.now())
    }
    expect(delays[0]).toBe(15_000)
    expect(delays.toSorted((a, b) => a - b)).toEqual(delays)
    expect(line.notes.filter(({ kind }) => kind === 'verdict')).toHaveLength(1)
    expect(line.effects('deliver')).toEqual([])
  })

  it('looks at once when something new is said of its digest, and not for another', () => {
    const line = verifying()
    line.answer('verify', said(line, 'undecided'))
    const signal = (content: number) =>
      line.step({ kind: 'signal', signal: 'signature', digests: [aDigest(content)], tag: null, cause: 'hub/9' })
    signal(2)
    expect(line.effects('verify')[0]?.due).toBeGreaterThan(line.now())
    signal(1)
    expect(line.effects('verify')[0]?.due).toBe(line.now())
  })

  it('is denied at the deadline with all that was found, and does not come again', () => {
    const line = verifying()
    for (let looks = 0; looks < 40 && line.stage().promotion !== undefined; looks += 1) {
      line.answer('verify', said(line, 'undecided'))
    }
    expect(line.stage().refused).toMatchObject([{ candidate: aDigest(1), reason: 'distrusted' }])
    const denial = line.notes.find(({ kind }) => kind === 'distrusted')
    expect(denial).toMatchObject({
      reason: 'never-proven',
      detail: expect.stringContaining('signature: ci waiting: as found'),
    })
    line.step({ kind: 'signal', signal: 'signature', digests: [aDigest(1)], tag: null, cause: 'hub/9' })
    line.offer('1.1.0', 1)
    expect(line.stage().promotion).toBeUndefined()
  })

  it('is refused at once when it is distrusted', () => {
    const line = verifying()
    line.answer('verify', said(line, 'distrusted'))
    expect(line.stage().promotion).toBeUndefined()
    expect(line.stage().refused).toMatchObject([{ candidate: aDigest(1), reason: 'distrusted' }])
    expect(line.notes.find(({ kind }) => kind === 'distrusted')).toMatchObject({ reason: 'distrusted' })
  })

  it('is called so also where a target runs it by then', () => {
    const [target] = verified.targets
    const line = verifying({ ...verified, targets: [target, { ...target, namespace: 'other' }] })
    line.answer('verify', said(line, 'trusted'))
    line.answer('deliver', delivered(image('1.1.0', 1)))
    line.pass(60 * MINUTE_MS)
    line.step({ kind: 'claim', effects: line.effects('deliver').map(({ id }) => id), until: line.now() + MINUTE_MS })
    line.answer('verify', said(line, 'distrusted'))
    expect(line.stage().promotion?.phase).toBe('rolling-back')
    expect(line.stage().refused).toMatchObject([{ candidate: aDigest(1), reason: 'distrusted' }])
  })

  it('comes again with a later signature where the policy says reconsider', () => {
    const line = verifying({ ...verified, verify: { ...policy, reconsider: true } })
    line.answer('verify', said(line, 'distrusted'))
    line.step({ kind: 'signal', signal: 'signature', digests: [aDigest(1)], tag: null, cause: 'hub/9' })
    expect(line.stage()).toMatchObject({
      refused: [],
      promotion: { phase: 'verifying', candidate: { id: aDigest(1) } },
    })
  })

  /** Of an index, with the platforms that were found in it. */
  const saidOf = (line: PlayedLine, state: Verdict['state'], platforms: readonly Digest[]): Answer => ({
    kind: 'verdict',
    verdict: { state, outcomes: [{ rule: 'scan', state: 'waiting', detail: 'no scan' }], at: line.now() },
    builtAt: null,
    known: knownFrom([], line.now(), platforms),
  })
  const scanOf = (line: PlayedLine, digest: Digest) =>
    line.step({ kind: 'signal', signal: 'scan', digests: [digest], tag: null, cause: 'ecr/9' })

  it('looks again at once when a platform of its index was scanned, and for no other', () => {
    const line = verifying()
    line.answer('verify', saidOf(line, 'undecided', [aDigest(7), aDigest(8)]))
    const due = (): readonly number[] => line.effects('verify').map((effect) => effect.due - line.now())
    scanOf(line, aDigest(9))
    expect(due()).toEqual([15_000])
    scanOf(line, aDigest(8))
    expect(due()).toEqual([0])
    expect(line.notes.filter(({ kind }) => kind === 'signalled')).toMatchObject([{ reason: 'scan', stage: 'dev' }])
  })

  it('comes again when a platform of its index is spoken of, where the policy says reconsider', () => {
    const line = verifying({ ...verified, verify: { ...policy, reconsider: true } })
    line.answer('verify', saidOf(line, 'distrusted', [aDigest(7)]))
    expect(line.stage().refused).toMatchObject([{ platforms: [aDigest(7)] }])
    scanOf(line, aDigest(8))
    expect(line.stage().promotion).toBeUndefined()
    scanOf(line, aDigest(7))
    expect(line.stage()).toMatchObject({ refused: [], promotion: { phase: 'verifying' } })
  })

  it('is superseded while it waits: the newest wins', () => {
    const line = verifying()
    line.answer('verify', said(line, 'undecided'))
    line.offer('1.2.0', 2)
    expect(line.stage().promotion).toMatchObject({ phase: 'verifying', candidate: { id: aDigest(2) } })
    expect(line.effects('verify').map(({ promotion }) => promotion)).toEqual([`payments/dev/${aDigest(2)}#1`])
  })

  it('takes no answer about another one', () => {
    const line = verifying()
    const effect = line.claim('verify')
    line.offer('1.2.0', 2)
    line.reply(effect, said(line, 'trusted'))
    expect(line.effects('deliver')).toEqual([])
  })
})

describe('right before the act', () => {
  it('a verdict that grew old is taken again', () => {
    const line = trusted()
    line.pass(policy.fresh + 1)
    const [deliver] = line.effects('deliver')
    line.step({ kind: 'claim', effects: [deliver?.id ?? ''], until: line.now() + MINUTE_MS })
    expect(line.effects('deliver')).toEqual([])
    line.answer('verify', said(line, 'trusted'))
    line.deliver()
    expect(line.stage().promotion?.phase).toBe('observing')
  })

  it('a verdict of just that age still counts', () => {
    const line = trusted()
    line.pass(policy.fresh)
    line.deliver()
    expect(line.stage().promotion?.phase).toBe('observing')
  })

  it('a scan that turned bad meanwhile stops it', () => {
    const line = trusted()
    line.pass(policy.fresh + 1)
    const [deliver] = line.effects('deliver')
    line.step({ kind: 'claim', effects: [deliver?.id ?? ''], until: line.now() + MINUTE_MS })
    line.answer('verify', said(line, 'distrusted'))
    expect(line.stage()).toMatchObject({ refused: [{ reason: 'distrusted' }] })
    expect(line.effects('deliver')).toEqual([])
  })

  it('another policy voids what was proven under the old one', () => {
    const line = trusted()
    line.configure({ stages: [{ ...verified, verify: aPolicy([byCi, byQa]) }] }, 'stronger')
    line.tick()
    expect(line.stage().promotion).toMatchObject({ phase: 'verifying' })
    expect(line.stage().promotion?.proof).toBeUndefined()
    expect(line.effects('deliver')).toEqual([])
  })

  it('what is being written is not taken away by another policy', () => {
    const line = trusted()
    const effect = line.claim('deliver')
    line.configure({ stages: [{ ...verified, verify: aPolicy([byQa]) }] }, 'stronger')
    line.tick()
    line.reply(effect, delivered(image('1.1.0', 1)))
    expect(line.stage().promotion?.phase).toBe('observing')
  })

  it('the same policy in another configuration voids nothing', () => {
    const line = trusted()
    line.configure({ stages: [{ ...verified, verify: aPolicy([byCi]) }] }, 'same')
    line.tick()
    expect(line.effects('deliver')).toHaveLength(1)
  })
})

describe('a pull request that waits for a person', () => {
  const proposing = { ...aGitStage('dev'), verify: policy }
  const open = (): PlayedLine => {
    const line = playLine({ github: true, stages: [proposing] })
    line.offer('1.1.0', 1)
    line.look('acme/payments:1.0.0', 'not-observed')
    line.answer('verify', said(line, 'trusted'))
    line.answer('send', { kind: 'sent' })
    return line
  }

  it('is opened only once it is proven, and proven again while it is open', () => {
    const line = open()
    expect(line.document().alarm).toBe(line.now() + 30 * MINUTE_MS)
    line.pass(30 * MINUTE_MS)
    line.tick()
    expect(line.effects('verify')).toHaveLength(1)
  })

  it('is withdrawn when it is distrusted meanwhile', () => {
    const line = open()
    line.pass(30 * MINUTE_MS)
    line.tick()
    line.answer('verify', said(line, 'distrusted'))
    expect(line.effects('send').map(({ message }) => message.kind)).toEqual(['drop'])
    expect(line.stage().refused).toMatchObject([{ reason: 'distrusted' }])
  })
})

describe('a rollback under a policy', () => {
  const failing = (): PlayedLine => {
    const line = running()
    line.offer('1.2.0', 2)
    line.answer('verify', said(line, 'trusted'))
    line.deliver()
    line.answer('check-health', UNWELL)
    return line
  }

  it('asks for the signature of what it goes back to, first', () => {
    const line = failing()
    expect(line.effects('roll-back')).toEqual([])
    line.answer('verify', said(line, 'trusted'))
    expect(line.effects('roll-back')).toMatchObject([{ to: { kind: 'pinned', image: { tag: '1.1.0' } } }])
  })

  it('leaves all as it is where that is proven no more, and says so', () => {
    const line = failing()
    line.answer('verify', said(line, 'distrusted'))
    expect(line.effects('roll-back')).toEqual([])
    expect(line.stage().promotion).toBeUndefined()
    expect(line.notes.at(-1)).toMatchObject({ kind: 'rolled-back', reason: 'not-proven' })
  })

  it('waits ten minutes for a registry that does not know yet', () => {
    const line = failing()
    for (let looks = 0; looks < 60 && line.effects('verify').length > 0; looks += 1) {
      line.answer('verify', said(line, 'undecided'))
    }
    expect(line.effects('roll-back')).toEqual([])
    expect(line.notes.at(-1)).toMatchObject({ reason: 'not-proven' })
  })

  it('asks for nothing where only scans are demanded: what ran well is there again at once', () => {
    const scans = {
      kind: 'scan',
      maximum: {},
      fixableOnly: false,
      except: [],
      signers: [],
      vex: [],
      allowUnsupported: false,
    } as const
    const scanned = { ...verified, verify: aPolicy([{ ...scans, except: [], signers: [], vex: [] }]) }
    const line = running(scanned)
    line.offer('1.2.0', 2)
    line.answer('verify', said(line, 'trusted'))
    line.deliver()
    line.answer('check-health', UNWELL)
    expect(line.effects('roll-back')).toHaveLength(1)
  })

  it('asks nobody after the first delivery: what was found is put back as it was', () => {
    const line = trusted()
    line.deliver()
    line.answer('check-health', UNWELL)
    expect(line.effects('roll-back')).toMatchObject([{ to: { kind: 'restore', image: 'acme/payments:1.0.0' } }])
  })
})
