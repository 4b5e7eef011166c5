/** Clicks in a chat on their way to the lines of their promotions, which know what was asked and who may answer. */

import { bulletinOfAsk, rowsOfAsk } from './domain/bulletin.ts'
import type { AcceptedEvent } from './domain/event.ts'
import { lineId } from './domain/line.ts'
import { advance } from './advance.ts'
import type { Ports } from './ports.ts'
import type { Step } from './step.ts'

type Ballot = NonNullable<AcceptedEvent['event']['ballot']>

/** Safe to repeat: the same person says the same of the same promotion once. */
export async function castBallot(ballot: Ballot, at: number, ports: Ports, step: Step): Promise<void> {
  const bulletin = bulletinOfAsk(ballot.ask)
  if (bulletin !== null) return castForRows(bulletin, ballot, at, ports, step)
  await cast(ballot.ask, `the message of ${ballot.ask}`, ballot, at, ports, step)
}

/** What the button stood for is read from our own store: the chat gives back a number. */
async function castForRows(id: string, ballot: Ballot, at: number, ports: Ports, step: Step): Promise<void> {
  const document = (await ports.documents.load(id))?.document
  const rows = document?.kind === 'bulletin' ? rowsOfAsk(document, ballot.ask) : []
  if (rows.length === 0) {
    const detail = `${ballot.decision} by ${ballot.member}: nothing that ${ballot.ask} listed is asked about any more`
    step({ step: 'match', outcome: 'settled', reason: 'not-asked', detail })
  }
  for (const { promotion } of rows) await cast(promotion, `a list, ${ballot.ask}`, ballot, at, ports, step)
}

async function cast(
  promotion: string,
  shown: string,
  { member, decision, reason }: Ballot,
  at: number,
  ports: Ports,
  step: Step,
): Promise<void> {
  const [subscription = '', stage = ''] = promotion.split('/')
  if (!ports.config().config.subscriptions.some(({ name }) => name === subscription)) {
    const detail = `no subscription ${subscription}`
    step({ step: 'match', outcome: 'settled', reason: 'no-subscription', detail })
    return
  }
  const input = { kind: 'ballot', stage, promotion, member, decision, reason, at, shown } as const
  await advance(lineId(subscription), input, ports)
  const detail = `${decision} by ${member} for ${promotion}`
  step({ step: 'match', subscription, outcome: 'pass', reason: 'ballot', detail })
}
