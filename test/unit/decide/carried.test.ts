import { describe, expect, it } from 'vitest'
import { aDigest } from '../../helpers/build.ts'
import { image, playLine, type PlayedLine } from '../../helpers/play.ts'
import { aGitStage } from '../../helpers/world.ts'

const TARGET = 'git/gitops/dev.yaml'
const TRAIN = 'train/gitops/main/payments/dev'
const url = 'https://git.example/pull/1'

function carried(...more: readonly object[]): PlayedLine {
  const [first] = [aGitStage('dev')] as { targets: object[] }[]
  const stage = { ...first, targets: [...(first?.targets ?? []), ...more] }
  const line = playLine({ github: true, stages: [stage] })
  line.offer('1.1.0', 1)
  line.look('acme/payments:1.0.0', 'not-observed')
  line.answer('send', { kind: 'sent' })
  return line
}

type News = Parameters<PlayedLine['hear']>[0]['news']
let order = 100

function tell(line: PlayedLine, news: News, content = 1, at = (order += 1)) {
  const promotion = `payments/dev/${aDigest(content)}#1`
  const tag = `1.${content}.0`
  return line.hear({
    from: TRAIN,
    order: at,
    stage: 'dev',
    promotion,
    image: image(tag, content),
    targets: [TARGET],
    news,
  })
}

const proposed: News = { state: 'proposed', url, diff: '+image' }
const merged: News = { state: 'merged', commit: 'c1', by: 'ann', url }
const closed: News = { state: 'closed', by: 'ann', url }

describe('the news of a pull request', () => {
  it('that it was proposed: it waits for its merge', () => {
    const line = carried()
    tell(line, proposed)
    expect(line.stage().promotion?.deliveries).toEqual({ [TARGET]: { state: 'proposed', url } })
  })

  it('that it was merged: it is delivered, by that person', () => {
    const line = carried()
    tell(line, merged)
    expect(line.notes.at(-1)).toMatchObject({ kind: 'delivered', by: 'ann', reference: 'c1' })
    expect(line.stage().promotion?.phase).toBe('observing')
  })

  it('that it was closed: that candidate is rejected', () => {
    const line = carried()
    tell(line, closed)
    expect(line.stage().refused).toMatchObject([{ candidate: aDigest(1), reason: 'rejected', by: 'ann' }])
    expect(line.stage().promotion).toBeUndefined()
  })

  it("that a person's hand stopped it: it is looked at again, and does not come by itself", () => {
    const line = carried()
    tell(line, { state: 'stopped', reason: 'moved', detail: 'found hand', found: 'acme/payments:hand' })
    expect(line.stage()).toMatchObject({ current: { state: 'unknown' }, refused: [{ reason: 'moved' }] })
  })

  it('that it is stuck: it says why and waits', () => {
    const line = carried()
    tell(line, { state: 'stopped', reason: 'foreign-commits', detail: 'somebody pushed', found: null })
    expect(line.notes.at(-1)).toMatchObject({ kind: 'failed', reason: 'foreign-commits' })
    expect(line.stage().promotion?.phase).toBe('delivering')
  })

  it('that its branch is not configured any more: it is offered anew', () => {
    const line = carried()
    tell(line, { state: 'stopped', reason: 'unwanted', detail: 'not named', found: null })
    expect(line.stage().promotion?.id).toBe(`payments/dev/${aDigest(1)}#2`)
  })
})

describe('news that', () => {
  it.each([proposed, merged, closed])('comes twice changes nothing: $state', (news) => {
    const line = carried()
    tell(line, news, 1, 200)
    const before = JSON.stringify(line.document())
    expect(tell(line, news, 1, 200)).toEqual([])
    expect(JSON.stringify(line.document())).toBe(before)
  })

  it('is older than all that are remembered changes nothing', () => {
    const line = carried()
    for (let at = 200; at < 240; at += 1) tell(line, proposed, 1, at)
    expect(line.stage().heard[TRAIN]).toHaveLength(32)
    expect(tell(line, merged, 1, 150)).toEqual([])
  })

  it('comes late does not undo what came after it', () => {
    const line = carried()
    tell(line, merged, 1, 201)
    tell(line, proposed, 1, 200)
    expect(line.stage().promotion?.deliveries).toMatchObject({ [TARGET]: { state: 'delivered' } })
  })
})

describe('news of a candidate that was superseded', () => {
  const superseded = (): PlayedLine => {
    const line = carried()
    tell(line, proposed)
    line.offer('1.2.0', 2)
    return line
  }

  it('that was merged: what runs is looked at, and the newer one goes on', () => {
    const line = superseded()
    tell(line, merged)
    expect(line.stage()).toMatchObject({ current: { state: 'unknown' }, next: { id: aDigest(2) } })
    line.look(image('1.1.0', 1), 'not-observed')
    expect(line.stage().promotion?.id).toBe(`payments/dev/${aDigest(2)}#2`)
  })

  it('that was closed: only that one is rejected', () => {
    const line = superseded()
    tell(line, closed)
    expect(line.stage()).toMatchObject({ promotion: { candidate: { id: aDigest(2) } } })
    expect(line.stage().refused).toMatchObject([{ candidate: aDigest(1), by: 'ann' }])
  })

  it('that was closed, and is tried again since: it was not wanted, whichever attempt', () => {
    const line = carried()
    line.configure({ github: true, mode: 'observe', stages: [aGitStage('dev')] }, 'f00d')
    line.tick()
    expect(line.stage().promotion?.id).toBe(`payments/dev/${aDigest(1)}#2`)
    tell(line, closed)
    expect(line.stage().promotion).toBeUndefined()
    expect(line.stage().refused).toMatchObject([{ candidate: aDigest(1), reason: 'rejected', by: 'ann' }])
  })

  it('is expected at the target, whether it was proposed or not', () => {
    const line = carried()
    line.offer('1.2.0', 2)
    const [send] = line.effects('send')
    expect(send?.message).toMatchObject({
      kind: 'carry',
      expected: { [TARGET]: [image('1.1.0', 1), 'acme/payments:1.0.0'] },
    })
  })
})

describe('a stage of several targets', () => {
  const app = {
    kind: 'workload',
    cluster: 'dev',
    namespace: 'dev',
    workload: 'deployment/app',
    container: 'app',
    takeover: false,
  }

  it('is put back at the one that was reached, where the pull request of the other is closed', () => {
    const line = carried(app)
    line.stage().looks['workload/dev/dev/deployment/app/app'] = { image: 'acme/payments:1.0.0', running: 'well' }
    line.deliver()
    tell(line, closed)
    expect(line.stage().promotion?.phase).toBe('rolling-back')
    expect(line.effects('roll-back')).toMatchObject([{ target: 'workload/dev/dev/deployment/app/app' }])
    expect(line.stage().refused).toMatchObject([{ reason: 'rejected', by: 'ann' }])
  })

  it('is well once all of them are', () => {
    const line = carried(app)
    line.deliver()
    expect(line.stage().promotion?.phase).toBe('delivering')
    tell(line, merged)
    expect(line.effects('check-health')).toHaveLength(2)
  })
})
