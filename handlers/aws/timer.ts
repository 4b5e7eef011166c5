/** Lambda: every minute. Wakes what is due and what was forgotten; under a new configuration, what an older one decided. */

import { notePorts, sweep } from '../../src/invocation.ts'
import { reconsider } from '../../src/pipeline.ts'
import { sweepRegistries } from '../../src/sweep.ts'
import { createWorlds } from './worlds.ts'

const worlds = createWorlds(process.env)
let considered = ''

export async function handler(): Promise<{ readonly woken: number }> {
  await worlds.look()
  const world = await worlds.current()
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
