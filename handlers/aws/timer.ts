/** Lambda: every minute. Wakes what is due and what was forgotten; after a deployment, what an older configuration decided. */

import { notePorts, sweep } from '../../src/invocation.ts'
import { reconsider } from '../../src/pipeline.ts'
import { sweepRegistries } from '../../src/sweep.ts'
import { createWorld } from './world.ts'

const world = createWorld(process.env)
let considered = ''

export async function handler(): Promise<{ readonly woken: number }> {
  const { hash } = world.ports.config()
  if (considered !== hash) {
    const { ports, leaveNoted } = notePorts(world)
    await reconsider(ports)
    await leaveNoted()
    considered = hash
  }
  const { ports, leaveNoted } = notePorts(world)
  await sweepRegistries(ports)
  await leaveNoted()
  const woken = await sweep(world)
  await world.flush()
  return { woken }
}
