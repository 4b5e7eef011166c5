/** The branch and the words of a pull request: the same for every Git host. */

import { formatImage } from '../domain/image.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { escapeForBranchName, escapeForMarkdown } from '../escape.ts'
import type { Cargo, ProposalFailure } from './delivery.ts'
import { titleOf } from './plan.ts'

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

/** What a reviewer reads. Every value from outside stands in a code span, where nothing comes to life. */
export function describePullRequest(cargo: Cargo, found: string): PullRequestText {
  const image = cargo.wish.kind === 'pinned' ? formatImage(cargo.wish.image) : cargo.wish.image
  const files = cargo.targets.map((target) => escapeForMarkdown(target.file)).join(', ')
  const body = [
    `- **Image:** ${escapeForMarkdown(image)}`,
    `- **Until now:** ${escapeForMarkdown(found)}`,
    `- **Stage:** ${escapeForMarkdown(cargo.stage)}`,
    `- **File:** ${files}`,
    `- **Why:** ${escapeForMarkdown(cargo.reason)}`,
    `- **Promotion:** ${escapeForMarkdown(cargo.promotion)}`,
    '',
    'Merging this delivers the image. Closing it rejects the image for this stage.',
    'Drayage rebuilds this branch when the base moves or a newer image comes; a commit of somebody else on it stops that.',
    '',
  ].join('\n')
  return { title: titleOf(cargo), body }
}

/** What is said when a pull request is closed by us. */
export function describeWithdrawal(why: string): string {
  return `Withdrawn by Drayage: ${escapeForMarkdown(why)}`
}
