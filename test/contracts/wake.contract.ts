/** What every platform's wake-ups do: somebody looks at a document at or after its instant, at least once. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../helpers/service.ts'
import { MANY } from '../helpers/wake.ts'

const START_TIMEOUT_MS = 60_000
const DAY_MS = 86_400_000
/** Beyond what any queue holds back, and any timer of JavaScript can wait. */
const FAR_MS = 60 * DAY_MS
const SOON_MS = 800

export type WakeSubject = {
  /** Saves a document with something to do at that instant, and asks for its wake-up. */
  plan(name: string, at: number): Promise<void>
  wake(name: string, at: number): Promise<void>
  /** When it was done, each time. */
  done(name: string): readonly number[]
  /** Null: it has something to do still. */
  quietVersion(name: string): Promise<number | null>
  /** Ends whatever works, without a word, and starts it anew over the same state. */
  restart(): Promise<void>
  now(): number
  /** So much time passes there. */
  skip(ms: number): Promise<void>
  close(): Promise<void>
}

export function describeWake(name: string, open: () => Promise<WakeSubject>): void {
  describe(name, () => {
    let subject: WakeSubject
    beforeAll(async () => {
      subject = await open()
    }, START_TIMEOUT_MS)
    afterAll(() => subject.close())
    const looked = (document: string): Promise<void> =>
      eventually(`somebody looks at ${document}`, async () => subject.done(document).length > 0)

    describe('while it runs', { concurrent: true }, () => {
      it('looks at a document at or after its instant, and not before', async () => {
        const at = subject.now() + SOON_MS
        await subject.plan('soon', at)
        await looked('soon')
        expect(subject.done('soon').filter((instant) => instant < at)).toEqual([])
      })

      it('looks at once at what is due already', async () => {
        await subject.plan('now', subject.now() - 1)
        await looked('now')
        expect(subject.done('now')).toHaveLength(1)
      })

      it('looks at each of several that are due at the same time', async () => {
        const names = Array.from({ length: MANY }, (_, index) => `many-${index}`)
        const at = subject.now() + SOON_MS
        await Promise.all(names.map((document) => subject.plan(document, at)))
        await Promise.all(names.map(looked))
        expect(names.map((document) => subject.done(document).length)).toEqual(names.map(() => 1))
      })

      it('changes nothing by wake-ups that are too many, early, late or at once', async () => {
        const at = subject.now() + SOON_MS
        await subject.plan('often', at)
        await Promise.all([0, 0, 300, 300].map((delayMs) => subject.wake('often', subject.now() + delayMs)))
        await looked('often')
        expect(subject.done('often').filter((instant) => instant < at)).toEqual([])
        await eventually('its answer is saved', async () => (await subject.quietVersion('often')) !== null)
        const version = await subject.quietVersion('often')
        await Promise.all([0, 0, 0, 200].map((delayMs) => subject.wake('often', subject.now() + delayMs)))
        // Whatever these did is over when one that came after them is done.
        await subject.plan('late', subject.now() + SOON_MS / 2)
        await looked('late')
        expect([subject.done('often').length, await subject.quietVersion('often')]).toEqual([1, version])
      })

      it('comes again to a document whose work throws', async () => {
        await subject.plan('trouble', subject.now())
        await looked('trouble')
        expect(subject.done('trouble')).toHaveLength(1)
      })
    })

    it('keeps wake-ups over a kill, those too that were due while nobody ran', async () => {
      const at = subject.now() + SOON_MS
      await subject.plan('killed', at)
      await subject.plan('slept', subject.now() + 50)
      await subject.restart()
      await Promise.all(['killed', 'slept'].map(looked))
      expect(subject.done('killed').filter((instant) => instant < at)).toEqual([])
    })

    it('keeps one that is farther away than the platform can wait, and does not look early', async () => {
      const at = subject.now() + FAR_MS
      await subject.plan('far', at)
      await subject.plan('near', subject.now() + SOON_MS)
      await looked('near')
      expect(subject.done('far')).toEqual([])
      await subject.skip(FAR_MS - DAY_MS)
      await subject.plan('told', subject.now())
      await looked('told')
      expect(subject.done('far')).toEqual([])
      await subject.skip(DAY_MS)
      await looked('far')
      expect(subject.done('far').filter((instant) => instant < at)).toEqual([])
    })
  })
}
