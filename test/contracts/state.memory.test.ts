/** The memory store does what every store does. */

import { createMemoryState } from '../../src/state/memory.ts'
import { describeState } from './state.contract.ts'

describeState('memory', async () => ({ state: createMemoryState(), close: () => {} }))
