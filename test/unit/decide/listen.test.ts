import { describe, expect, it } from 'vitest'
import type { Answer } from '../../../src/domain/answer.ts'
import { knownFrom, type Known } from '../../../src/domain/known.ts'
import type { RuleOutcome } from '../../../src/domain/verdict.ts'
import type { Requirement } from '../../../src/domain/verification-policy.ts'
import { aDigest, NOW } from '../../helpers/build.ts'
import { aPolicy, aScan } from '../../helpers/evidence.ts'
import { image, LATER, playLine, WELL, type PlayedLine } from '../../helpers/play.ts'
import { aWorkloadStage, type WorldOptions } from '../../helpers/world.ts'

const scanned: Requirement = {
  kind: 'scan',
  maximum: { critical: 0 },
  fixableOnly: false,
  except: [],
  signers: [],
  vex: [],
  allowUnsupported: false,
}
const bySigner: Requirement = { kind: 'signature', anyOf: ['ci'], atLeast: 1 }
const dev = { ...aWorkloadStage('dev'), verify: aPolicy([scanned]) }
const prod = { ...aWorkloadStage('prod', ['dev']), verify: aPolicy([scanned]) }
const finding = (id: string) =>
  ({ id, severity: 'critical', package: 'openssl', version: '3.0.1', fixedIn: null }) as const

function found(...ids: string[]): Known {
  const findings = ids.map(finding)
  return knownFrom([aScan({ counts: { critical: ids.length }, findings })], NOW)
}

function said(state: RuleOutcome['state'], known: Known, detail = `ecr: ${known.findings.length} critical`): Answer {
  const states = { held: 'trusted', waiting: 'undecided', failed: 'distrusted' } as const
  const outcomes = [{ rule: 'scan', state, detail }]
  return { kind: 'verdict', verdict: { state: states[state], outcomes, at: NOW }, builtAt: null, known }
}

const CLEAN = said('held', found())

function deliver(line: PlayedLine, stage: string, known: Known): void {
  line.answer('verify', said('held', known), stage)
  line.deliver(stage)
  line.answer('check-health', WELL, stage)
}

/** 1.1.0 runs at dev, and found clean. */
function running(options: WorldOptions = {}): PlayedLine {
  const line = playLine({ stages: [dev], ...options })
  line.offer('1.1.0', 1)
  line.look()
  deliver(line, 'dev', found())
  return line
}

function signal(line: PlayedLine, digest = aDigest(1), kind: 'scan' | 'signature' | 'attestation' = 'scan'): void {
  line.step({ kind: 'signal', signal: kind, digests: [digest], tag: null, cause: `ecr/${kind}-${digest}` })
}

function noticesOf(line: PlayedLine) {
  return line.notes.filter(({ kind, reason }) => kind === 'noticed' && /^(?:new-finding|scan-fails)$/u.test(reason))
}

describe('a scan of what runs', () => {
  it('is looked up again, once for however many events', () => {
    const line = running()
    signal(line)
    signal(line)
    expect(line.effects('listen')).toMatchObject([{ stage: 'dev', candidate: aDigest(1), looks: 1 }])
  })

  it('that came while somebody looks is looked up after it', () => {
    const line = running()
    signal(line)
    const look = line.claim('listen')
    signal(line)
    line.reply(look, CLEAN)
    expect(line.effects('listen')).toHaveLength(1)
  })

  it.each([
    ['of another digest', aDigest(2), 'scan'],
    ['of a signature', aDigest(1), 'signature'],
  ] as const)('%s is not', (_title, digest, kind) => {
    const line = running()
    signal(line, digest, kind)
    expect(line.effects('listen')).toEqual([])
  })

  it('is looked up when somebody attested a report, too', () => {
    const line = running()
    signal(line, aDigest(1), 'attestation')
    expect(line.effects('listen')).toHaveLength(1)
  })

  it('is not where the stage demands no scan', () => {
    const line = running({ stages: [{ ...dev, verify: aPolicy([bySigner]) }] })
    signal(line)
    expect(line.effects('listen')).toEqual([])
  })

  it('of one of its platforms is, and history says so', () => {
    const line = playLine({ stages: [dev] })
    line.offer('1.1.0', 1)
    line.look()
    deliver(line, 'dev', knownFrom([aScan({ subject: aDigest(7), platform: 'linux/amd64' })], NOW))
    signal(line, aDigest(7))
    expect(line.effects('listen')).toHaveLength(1)
    expect(line.notes.find(({ kind }) => kind === 'signalled')).toMatchObject({
      stage: 'dev',
      image: image('1.1.0', 1),
    })
  })

  it('that is still clean says nothing', () => {
    const line = running()
    signal(line)
    line.answer('listen', CLEAN)
    expect(noticesOf(line)).toEqual([])
  })
})

describe('a new finding on what runs', () => {
  function withFinding(options: WorldOptions = {}): PlayedLine {
    const line = running(options)
    signal(line)
    line.answer('listen', said('failed', found('CVE-2026-1234')))
    return line
  }

  it('is a notice with what is new, and takes nothing back', () => {
    const line = withFinding()
    expect(noticesOf(line)).toMatchObject([{ reason: 'new-finding', stage: 'dev', image: image('1.1.0', 1) }])
    expect(noticesOf(line)[0]?.detail).toContain('new since it was looked at: CVE-2026-1234')
    expect(line.stage()).toMatchObject({ current: { candidate: { id: aDigest(1) } }, refused: [] })
    expect(line.stage().promotion).toBeUndefined()
    expect(line.effects('roll-back')).toEqual([])
    expect(line.effects('deliver')).toEqual([])
  })

  it('is told once while it stands, and again when it is another', () => {
    const line = withFinding()
    signal(line)
    line.answer('listen', said('failed', found('CVE-2026-1234')))
    expect(noticesOf(line)).toHaveLength(1)
    signal(line)
    line.answer('listen', said('failed', found('CVE-2026-1234', 'CVE-2026-2')))
    expect(noticesOf(line)).toHaveLength(2)
    expect(noticesOf(line)[1]?.detail).toContain('new since it was looked at: CVE-2026-2.')
  })

  it('is told again when it went away and came back', () => {
    const line = withFinding()
    for (const answer of [CLEAN, said('failed', found('CVE-2026-1234'))]) {
      signal(line)
      line.answer('listen', answer)
    }
    expect(noticesOf(line)).toHaveLength(2)
  })

  it('names the owners', () => {
    expect(noticesOf(withFinding({ subscription: { owners: ['team-payments'] } }))[0]?.detail).toContain(
      'owners: team-payments',
    )
    expect(noticesOf(withFinding())[0]?.detail).toContain('owners: nobody is named')
  })

  it('names all stages that run it, and tells each', () => {
    const line = playLine({ stages: [dev, prod] })
    line.offer('1.1.0', 1)
    line.look()
    deliver(line, 'dev', found())
    deliver(line, 'prod', found())
    signal(line)
    for (const stage of ['dev', 'prod']) line.answer('listen', said('failed', found('CVE-2026-1')), stage)
    expect(noticesOf(line).map(({ stage }) => stage)).toEqual(['dev', 'prod'])
    for (const { detail } of noticesOf(line)) expect(detail).toContain('runs at dev, prod')
  })

  /** 1.1.0 runs at prod, 1.2.0 at dev, with those findings. */
  function behind(ids: readonly string[]): PlayedLine {
    const line = playLine({ stages: [dev, prod] })
    line.offer('1.1.0', 1)
    line.look()
    deliver(line, 'dev', found())
    deliver(line, 'prod', found())
    line.offer('1.2.0', 2)
    deliver(line, 'dev', found(...ids))
    signal(line)
    line.answer('listen', said('failed', found('CVE-2026-1')), 'prod')
    return line
  }

  it('names the newest candidate without it', () => {
    expect(noticesOf(behind(['CVE-2026-9']))[0]?.detail).toContain(`newest without it: ${image('1.2.0', 2)}`)
  })

  it('names none where the newer one has it too', () => {
    expect(noticesOf(behind(['CVE-2026-1']))[0]?.detail).toContain('no candidate without it is known here')
  })

  it('is told of a scanner that gives counts alone', () => {
    const line = running()
    signal(line)
    const counts = knownFrom([aScan({ counts: { critical: 2 }, findings: null })], NOW)
    line.answer('listen', said('failed', counts, 'defender: 2 critical'))
    expect(noticesOf(line)).toMatchObject([{ reason: 'new-finding', detail: expect.stringContaining('2 critical') }])
  })
})

describe('a look that found nothing out', () => {
  it('comes again a few times while the scanner is not done, then waits for the next event', () => {
    const line = running()
    signal(line)
    let looks = 0
    for (; line.effects('listen').length > 0 && looks < 20; looks += 1) {
      line.answer('listen', said('waiting', knownFrom([], NOW)))
    }
    expect(looks).toBe(4)
    expect(noticesOf(line)).toEqual([])
  })

  it('forgets nothing that was known', () => {
    const line = running()
    for (const answer of [said('failed', found('CVE-2026-1')), said('waiting', knownFrom([], NOW))]) {
      signal(line)
      line.answer('listen', answer)
    }
    expect(line.stage().current).toMatchObject({ known: { findings: ['CVE-2026-1'] } })
  })

  it('is not news where the registry has the image no more', () => {
    const line = running()
    signal(line)
    const outcomes = [{ rule: 'image', state: 'failed', detail: 'not in its registry any more' } as const]
    const verdict = { state: 'distrusted', outcomes, at: NOW } as const
    line.answer('listen', { kind: 'verdict', verdict, builtAt: null, known: knownFrom([], NOW) })
    expect(noticesOf(line)).toEqual([])
    expect(line.stage().current).toMatchObject({ known: { named: 'all' } })
  })

  it('says scan-fails where nothing new was found and the rule does not hold', () => {
    const line = running()
    signal(line)
    line.answer('listen', said('failed', knownFrom([], NOW), 'inspector2: coverage is over'))
    expect(noticesOf(line)).toMatchObject([{ reason: 'scan-fails' }])
  })

  it('of what does not run any more is dropped', () => {
    const line = running()
    signal(line)
    const look = line.claim('listen')
    line.offer('1.2.0', 2)
    deliver(line, 'dev', found())
    line.reply(look, said('failed', found('CVE-2026-1')))
    expect(noticesOf(line)).toEqual([])
  })

  it('that was given up comes again with the next event', () => {
    const line = running()
    signal(line)
    for (let tries = 0; tries < 24; tries += 1) line.answer('listen', LATER)
    expect(line.effects('listen')[0]).toHaveProperty('dead')
    signal(line)
    expect(line.effects('listen')).toHaveLength(1)
    expect(line.effects('listen')[0]).not.toHaveProperty('dead')
  })
})
