/** What people say to stages that ask: yes and no, in time and late; and the kill switch, thrown and taken back. */

import type { Line } from '../../src/domain/line.ts'
import type { Vote } from '../../src/domain/vote.ts'
import { advance, type Ports } from '../../src/pipeline.ts'
import { pause, resume } from '../../src/pause.ts'
import type { Scene } from './people.ts'

const VOICES_MAX = 10
/** People go on talking when the faults are over. */
const TALK_MS = 20 * 60_000
const EVERYTHING = { subscription: null, stage: null } as const

export function scheduleVoices(scene: Scene): void {
  const { clock, dice, chaos } = scene
  const start = clock.now()
  const end = chaos.spanMs + TALK_MS
  for (let index = dice.between(0, VOICES_MAX); index > 0; index -= 1) {
    clock.at(start + dice.between(0, end), () => voteSomewhere(scene))
  }
  if (!dice.chance(0.3)) return
  const thrown = start + dice.between(0, chaos.spanMs)
  clock.at(thrown, () => throwSwitch(scene))
  clock.at(thrown + dice.between(1_000, 600_000), () => takeBack(scene))
}

function voteSomewhere(scene: Scene): void {
  const { dice, chronicle } = scene
  const by = dice.pick(['ann', 'ann', 'bob', 'mallory'])
  const decision = dice.chance(0.8) ? 'approve' : 'reject'
  chronicle.fault(`person: ${decision}`)
  for (const { line, stage, promotion } of waiting(scene)) {
    if (!dice.chance(0.7)) continue
    // Sometimes they speak of what they saw a while ago.
    const old = scene.seen.length > 0 && dice.chance(0.2) ? dice.pick(scene.seen as [string, ...string[]]) : null
    scene.seen.push(promotion)
    say(scene, line, { stage, promotion: old ?? promotion, by, decision })
    if (dice.chance(0.3)) say(scene, line, { stage, promotion, by, decision })
  }
}

type Voice = {
  readonly stage: string
  readonly promotion: string
  readonly by: string
  readonly decision: Vote['decision']
}

function say(scene: Scene, line: string, { stage, promotion, by, decision }: Voice): void {
  const { grounds, machines, random, clock } = scene
  if (by !== 'mallory') grounds.voted(promotion, by, decision)
  const at = clock.now()
  const vote: Vote = { by, how: 'api', groups: [], decision, reason: 'seen', at, shown: promotion }
  random.pick(machines).run((ports) => advance(line, { kind: 'vote', stage, promotion, vote }, ports))
}

function waiting({ inspector }: Scene): { line: string; stage: string; promotion: string }[] {
  const lines = [...inspector.documents.values()].filter((document): document is Line => document.kind === 'line')
  return lines.flatMap((line) =>
    Object.entries(line.stages).flatMap(([stage, { promotion }]) =>
      promotion?.phase === 'gated' || promotion?.phase === 'verifying'
        ? [{ line: line.id, stage, promotion: promotion.id }]
        : [],
    ),
  )
}

function throwSwitch(scene: Scene): void {
  const { chronicle, grounds, machines, random } = scene
  chronicle.fault('paused')
  const act = async (ports: Ports): Promise<void> => {
    await pause(ports, { ...EVERYTHING, by: 'ann', reason: 'stop' })
    chronicle.say(() => 'PAUSED')
    if (scene.did.resumed !== true) grounds.paused()
  }
  random.pick(machines).run(act)
}

export function takeBack({ chronicle, grounds, machines, random, did }: Scene): void {
  did.resumed = true
  grounds.resumed()
  chronicle.say(() => 'RESUMED')
  random.pick(machines).run((ports) => resume(ports, EVERYTHING))
}

/** Once all is quiet: everything is signed, everybody says yes, and nothing is paused. */
export function sayYes(scene: Scene): void {
  scene.grounds.signAll()
  takeBack(scene)
  for (const { line, stage, promotion } of waiting(scene)) {
    for (const by of ['ann', 'bob']) say(scene, line, { stage, promotion, by, decision: 'approve' })
  }
}
