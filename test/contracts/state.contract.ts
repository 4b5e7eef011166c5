/** What every store does. Each case gets a fresh one; parallel cases use real parallel calls. */

import { afterEach, beforeEach, describe } from 'vitest'
import type { State } from '../../src/state/state.ts'
import { describeDocuments } from './documents.contract.ts'
import { describeInbox } from './inbox.contract.ts'
import { describeJournal } from './journal.contract.ts'

export type OpenState = () => Promise<{ readonly state: State; close(): void | Promise<void> }>

export function describeState(name: string, open: OpenState): void {
  describe(name, () => {
    let opened: Awaited<ReturnType<OpenState>>
    beforeEach(async () => {
      opened = await open()
    })
    afterEach(async () => {
      await opened.close()
    })

    describe('documents', () => describeDocuments(() => opened.state.documents))
    describe('inbox', () => describeInbox(() => opened.state.inbox))
    describe('journal', () => describeJournal(() => opened.state.journal))
  })
}
