/** Word of a pull request: whoever owns its branch looks at once. What it finds is what the Git host says, not what the word said. */

import type { RegistryEvent } from './domain/event.ts'
import { advance } from './advance.ts'
import type { Ports } from './ports.ts'
import { trainsOn } from './rules.ts'
import type { Step } from './step.ts'

export async function lookAtPull(
  { git, branch }: NonNullable<RegistryEvent['pull']>,
  cause: string,
  ports: Ports,
  step: Step,
): Promise<void> {
  const trains = trainsOn(git, branch, ports.config())
  if (trains.length === 0) {
    const detail = `no target of the configuration is reached by ${branch} of ${git}`
    return step({ step: 'match', outcome: 'settled', reason: 'no-branch', detail })
  }
  for (const train of trains) {
    // What was never asked to carry anything has nothing to look at, and is not made for this.
    if ((await ports.documents.load(train)) === null) continue
    await advance(train, { kind: 'look', cause }, ports)
    step({ step: 'match', outcome: 'pass', reason: 'pull-request', detail: `${train} looks at ${branch} of ${git}` })
  }
}
