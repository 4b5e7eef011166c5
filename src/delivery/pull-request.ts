/** The branch and the words of a pull request: the same for every Git host. */

import { err, ok, type Result } from '../domain/result.ts'
import { escapeForBranchName, escapeForMarkdown } from '../escape.ts'
import type { Cargo, ProposalFailure } from './delivery.ts'
import type { Aboard } from './joint-plan.ts'
import { imagesWished, pathsOf, titleOf } from './plan.ts'

const PREFIX = 'drayage/'
const BRANCH_LENGTH_MAX = 200

export type PullRequestText = { readonly title: string; readonly body: string }

/** Only below `drayage/`: whatever a document says, no other branch is ever rebuilt or removed. */
export function checkBranch(branch: string): Result<string, ProposalFailure> {
  const parts = branch.slice(PREFIX.length).split('/')
  const isOurs = branch.startsWith(PREFIX) && branch.length <= BRANCH_LENGTH_MAX
  if (isOurs && parts.every((part) => part === escapeForBranchName(part))) return ok(branch)
  return err({ reason: 'path-refused', detail: 'expected a branch such as drayage/payments/prod' })
}

const CLOSING = [
  'Drayage rebuilds this branch when the base moves or a newer image comes; a commit of somebody else on it stops that.',
  '',
]
/** GitHub takes 65,536 characters. */
const BODY_LENGTH_MAX = 60_000

/** What a reviewer reads. Every value from outside stands in a code span, where nothing comes to life. */
export function describePullRequest(aboard: readonly [Aboard, ...Aboard[]]): PullRequestText {
  const [first, ...others] = aboard
  const title = titleOf([first.cargo, ...others.map(({ cargo }) => cargo)])
  return { title, body: others.length === 0 ? describeOne(first) : describeBatch(aboard) }
}

function describeOne({ cargo, found }: Aboard): string {
  return [
    ...describeCargo({ cargo, found }),
    '',
    'Merging this delivers the image. Closing it rejects the image for this stage.',
    ...CLOSING,
  ].join('\n')
}

function describeCargo({ cargo, found }: Aboard): readonly string[] {
  const files = pathsOf(cargo.targets).map(escapeForMarkdown).join(', ')
  return [
    `- **Image:** ${imagesOf(cargo)}`,
    `- **Until now:** ${escapeForMarkdown(found)}`,
    `- **Stage:** ${escapeForMarkdown(cargo.stage)}`,
    `- **File:** ${files}`,
    `- **Why:** ${escapeForMarkdown(cargo.reason)}`,
    `- **Promotion:** ${escapeForMarkdown(cargo.promotion)}`,
  ]
}

function imagesOf({ wish }: Cargo): string {
  return imagesWished(wish).map(escapeForMarkdown).join(', ')
}

/** One paragraph for each; of very many, the last are only counted. */
function describeBatch(aboard: readonly Aboard[]): string {
  const lines: string[] = []
  let length = 0
  for (const [index, { cargo, found }] of aboard.entries()) {
    const files = pathsOf(cargo.targets).map(escapeForMarkdown).join(', ')
    const line = [
      `- ${escapeForMarkdown(found)} → ${imagesOf(cargo)}`,
      `  in ${files}: ${escapeForMarkdown(cargo.reason)} (${escapeForMarkdown(cargo.promotion)})`,
    ].join('\n')
    length += line.length
    if (length > BODY_LENGTH_MAX) {
      lines.push(`- and ${aboard.length - index} more, which the commit names`)
      break
    }
    lines.push(line)
  }
  return [
    ...lines,
    '',
    'Merging this delivers all of them. Closing it rejects all of them for this stage; to reject one, use `drayage reject` or its message.',
    ...CLOSING,
  ].join('\n')
}

/** What is said when a pull request is closed by us. */
export function describeWithdrawal(why: string): string {
  return `Withdrawn by Drayage: ${escapeForMarkdown(why)}`
}
