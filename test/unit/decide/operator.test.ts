import { describe, expect, it } from 'vitest'
import { aDigest } from '../../helpers/build.ts'
import { delivered, image, playLine, UNWELL, WELL, type PlayedLine } from '../../helpers/play.ts'
import { aWorkloadStage } from '../../helpers/world.ts'

const stages = [aWorkloadStage('dev'), aWorkloadStage('prod', ['dev'])]

/** Well in dev, refused in prod. */
function refusedInProd(): PlayedLine {
  const line = playLine({ stages })
  line.offer('1.1.0', 1)
  line.look()
  line.deliver()
  line.answer('check-health', WELL)
  line.deliver('prod')
  line.answer('check-health', UNWELL)
  line.answer('roll-back', delivered('acme/payments:1.0.0'))
  return line
}

const lift = (stage: string | null, candidate: string) =>
  ({ kind: 'lift', by: 'ann', reason: 'it was the database', stage, candidate }) as const

describe('lift', () => {
  it.each([aDigest(1), '1.1.0', image('1.1.0', 1)])(
    'takes %s, and what waits before that stage comes by itself',
    (candidate) => {
      const line = refusedInProd()
      const [said] = line.step(lift('prod', candidate))
      expect(said).toMatchObject({ kind: 'operator', reason: 'lift', by: 'ann', stage: 'prod' })
      expect(line.stage('prod')).toMatchObject({ refused: [], promotion: { id: `payments/prod/${aDigest(1)}#2` } })
    },
  )

  it('without a stage takes it wherever it is refused', () => {
    const line = refusedInProd()
    line.step({ kind: 'rollback', stage: 'dev', by: 'ann', reason: 'x' })
    const refused = (name: string) => line.stage(name).refused.map(({ candidate }) => candidate)
    expect(refused('prod')).toEqual([aDigest(1)])
    line.step(lift(null, aDigest(1)))
    expect([...refused('prod'), ...refused('dev')]).toEqual([])
  })

  it.each([
    { stage: 'dev', candidate: aDigest(1) },
    { stage: 'prod', candidate: aDigest(2) },
    { stage: 'nowhere', candidate: aDigest(1) },
  ])('of what is not refused changes nothing: $stage', ({ stage, candidate }) => {
    const line = refusedInProd()
    const before = JSON.stringify(line.document())
    expect(line.step(lift(stage, candidate))).toEqual([])
    expect(JSON.stringify(line.document())).toBe(before)
  })
})

describe('retry', () => {
  const forbidden = { kind: 'failed', reason: 'forbidden', detail: '403' } as const
  const stuck = (): PlayedLine => {
    const line = playLine({ stages })
    line.offer('1.1.0', 1)
    line.answer('observe', forbidden, 'dev')
    line.answer('observe', forbidden, 'prod')
    return line
  }
  const retry = (stage: string | null) => ({ kind: 'retry', by: 'ann', reason: 'RBAC is right', stage }) as const

  it.each([
    { stage: null, alive: ['dev', 'prod'] },
    { stage: 'prod', alive: ['prod'] },
    { stage: 'nowhere', alive: [] },
  ])('of stage $stage tries again $alive', ({ stage, alive }) => {
    const line = stuck()
    line.step(retry(stage))
    expect(line.effects('observe').flatMap((one) => (one.dead === undefined ? one.stage : []))).toEqual(alive)
  })

  it('says nothing where nothing was given up', () => {
    const line = playLine()
    line.tick()
    expect(line.step(retry(null))).toEqual([])
  })
})

describe('a first look that was given up', () => {
  it('is tried again when anything is offered, also what waits already', () => {
    const line = playLine()
    line.offer('1.1.0', 1)
    line.answer('observe', { kind: 'failed', reason: 'target-missing', detail: 'no such file' })
    expect(line.effects('observe')[0]?.dead).toBeDefined()
    line.offer('1.1.0', 1)
    expect(line.effects('observe')[0]?.dead).toBeUndefined()
  })
})
