/** What every store does. Each case gets a fresh one; parallel cases use real parallel calls. */

import { afterEach, beforeEach, describe } from 'vitest'
import type { State } from '../../src/state/state.ts'
import { describeDocuments } from './documents.contract.ts'
import { describeInbox } from './inbox.contract.ts'
import { describeJournal } from './journal.contract.ts'
import { describeKeep } from './keep.contract.ts'
import { describeSharing } from './sharing.contract.ts'

export type OpenState = () => Promise<{ readonly state: State; close(): void | Promise<void> }>

export type StateOptions = {
  /** One more connection to the store that was opened last, as another process has it; where only one process can have it, the same. */
  readonly join: OpenState
}

export function describeState(name: string, open: OpenState, { join }: StateOptions): void {
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
    describe('keep', () => describeKeep(() => opened.state.keep))
    describe('shared by many', () => {
      let joined: Awaited<ReturnType<OpenState>>[]
      beforeEach(async () => {
        joined = await Promise.all([join(), join(), join()])
      })
      afterEach(async () => {
        for (const one of joined) await one.close()
      })
      describeSharing(() => [opened, ...joined].map(({ state }) => state))
    })
  })
}
