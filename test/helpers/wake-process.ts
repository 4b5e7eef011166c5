/**
 * A program to be killed: the timer of a Node process over a store. Arguments: the file or the URL of a database, and
 * `mute` for one that only writes. Its parent calls it by messages, and hears of each piece of work that is done.
 */

import { openStore } from '../../handlers/store.ts'
import { lineId } from '../../src/domain/line.ts'
import { SecretReference } from '../../src/domain/secret.ts'
import { createLoop } from '../../src/loop.ts'
import { quietVersion } from './wake-line.ts'
import { plan, wakePorts } from './wake.ts'

type Call = { readonly id: number; readonly method: string; readonly name: string; readonly at: number }

const [place = '', role = ''] = process.argv.slice(2)
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
let skipped = 0
const now = (): number => Date.now() + skipped
const isMute = role === 'mute'
const database = { postgres: SecretReference.parse('env:URL'), connections: 3 }
const state = await openStore(place.startsWith('postgres') ? database : place, {
  secretOf: () => async () => [place],
  log: silent,
  now,
  onNews: () => void (isMute || loop.poke()),
})
const ports = await wakePorts(state, now, (name, at) => void process.send?.({ name, at }))
const loop = createLoop(() => ({ ...ports, wake }))
const wake = async (id: string, at: number): Promise<void> => (isMute ? undefined : loop.wake(id, at))

process.on('message', (message) => {
  const { id, method, name, at } = message as Call
  void answer(method, name, at).then((value) => process.send?.({ id, value }))
})
process.on('disconnect', () => process.exit())
if (!isMute) loop.poke()
process.send?.({ ready: true })

async function answer(method: string, name: string, at: number): Promise<unknown> {
  switch (method) {
    case 'plan':
      return plan(state, wake, name, at, now())
    case 'wake':
      return wake(lineId(name), at)
    case 'skip':
      return void (skipped += at)
    default:
      return quietVersion(state.documents, name)
  }
}
