/** Answers of one document's effects on their way into it: those that come while one save is under way go into the next one together. */

import { transition } from './advance.ts'
import type { Input } from './decide/index.ts'
import type { DocumentId } from './domain/document.ts'
import type { Ports } from './ports.ts'

type Answered = Extract<Input, { kind: 'answer' }>

/** Gives back once the answer is saved. What fails with others fails at whoever came first: none is lost unseen. */
export function createAnswers(id: DocumentId, ports: Ports): (answer: Answered) => Promise<void> {
  let waiting: Answered[] = []
  let turn: Promise<void> = Promise.resolve()

  const saveWaiting = async (): Promise<void> => {
    if (waiting.length === 0) return
    const together = waiting
    waiting = []
    try {
      await transition(id, together, ports)
    } catch (error) {
      if (together.length === 1) throw error
      // One of them may be what cannot be saved: the others are not held up by it.
      await saveEach(together)
    }
  }

  const saveEach = async (answers: readonly Answered[]): Promise<void> => {
    const failures: unknown[] = []
    for (const answer of answers) await transition(id, [answer], ports).catch((error: unknown) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  }

  return (answer) => {
    waiting.push(answer)
    const saved = turn.then(saveWaiting)
    turn = saved.catch(() => {})
    return saved
  }
}
