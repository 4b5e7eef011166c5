/** The memory store does what every store does; many at once are parts of one process. */

import { createMemoryState } from '../../src/state/memory.ts'
import type { State } from '../../src/state/state.ts'
import { describeState } from './state.contract.ts'

let state: State
const open = async () => ({ state: (state = createMemoryState()), close: () => {} })

describeState('memory', open, { join: async () => ({ state, close: () => {} }) })
