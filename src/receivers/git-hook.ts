/**
 * Word that something happened to a pull request of ours: GitHub's webhooks, signed over the body. It only says "look": whatever it
 * claims of a merge, a review or a check is not believed, and the answer is read from the API.
 * https://docs.github.com/en/webhooks/webhook-events-and-payloads
 */

import * as z from 'zod'
import type { Config } from '../domain/config.ts'
import type { RegistryEvent } from '../domain/event.ts'
import { ok } from '../domain/result.ts'
import type { Secret } from '../domain/secret.ts'
import { isSameRepository } from '../domain/source.ts'
import { readBody } from './body.ts'
import { verifyHmac, type HmacScheme } from './credential.ts'
import type { Parse, Receiver, SecretOf } from './receiver.ts'

const SIGNATURE: HmacScheme = { header: 'x-hub-signature-256', hash: 'SHA-256', encoding: 'hex', prefix: 'sha256=' }
const TEXT_LENGTH_MAX = 1_024
const BRANCHES_MAX = 10
/** Only such branches are ours. */
const OURS = /^drayage\/[^\u0000-\u0020]{1,200}$/u

const Text = z.string().max(TEXT_LENGTH_MAX)
const Branch = Text.nullish().catch(null)
const Repository = z.object({ full_name: Text }).nullish().catch(null)
const Suite = z.object({ head_branch: Branch }).nullish().catch(null)

/** Which event it is stands in a header that nobody signs, so it is told by what the body holds. */
const Payload = z.object({
  zen: Text.optional(),
  repository: Repository,
  pull_request: z
    .object({ head: z.object({ ref: Branch, repo: Repository }) })
    .nullish()
    .catch(null),
  check_suite: Suite,
  check_run: z.object({ check_suite: Suite }).nullish().catch(null),
  /** Of a commit status: the branches whose head it is. */
  branches: z
    .array(z.object({ name: Branch }))
    .max(100)
    .nullish()
    .catch(null),
})
type Payload = z.infer<typeof Payload>

/** By the name under which they are asked: `git/<entry>`. */
export function createGitHooks({ git }: Pick<Config, 'git'>, secretOf: SecretOf): ReadonlyMap<string, Receiver> {
  return new Map(
    Object.entries(git).flatMap(([name, entry]) => {
      if (!('github' in entry) || entry.webhook === undefined) return []
      return [[`git/${name}`, createGitHook(name, entry.github, secretOf(entry.webhook))] as const]
    }),
  )
}

export function createGitHook(git: string, repository: string, secret: Secret): Receiver {
  return {
    sender: 'default',
    async authenticate(request, { isHmac }) {
      const proven = await verifyHmac(request, SIGNATURE, secret, isHmac)
      return proven.ok ? ok({ assurance: 'signed-body', secret: proven.value }) : proven
    },
    parse: parseFor(git, repository),
  }
}

function parseFor(git: string, repository: string): Parse {
  return (request) => {
    const payload = readBody(request, Payload)
    if (!payload.ok) return payload
    const { zen, repository: from } = payload.value
    // An organisation's hook speaks for all of its repositories.
    const isMeant = from !== null && from !== undefined && isSameRepository(from.full_name, repository)
    if (zen !== undefined) return ok({ outcome: 'ping' })
    if (!isMeant) return ok({ outcome: 'ignored', reason: 'other-registry' })
    const branches = branchesOf(payload.value, repository)
    const [first] = branches
    if (first === undefined) return ok({ outcome: 'ignored', reason: 'other-action' })
    // The signature is the body's own, so the same body sent again, whenever and by whomever, is the same event.
    const id = request.headers.get(SIGNATURE.header)?.[0] ?? ''
    return ok({ outcome: 'events', events: branches.map((branch) => eventOf(git, branch, `${id}/${branch}`)) })
  }
}

/** A fork may call its branch as we call ours. */
function branchesOf(
  { pull_request: pull, check_suite, check_run, branches }: Payload,
  repository: string,
): readonly string[] {
  const isFork = pull !== null && pull !== undefined && !isSameRepository(pull.head.repo?.full_name ?? '', repository)
  const named = [
    isFork ? null : pull?.head.ref,
    check_suite?.head_branch,
    check_run?.check_suite?.head_branch,
    ...(branches ?? []).map(({ name }) => name),
  ]
  const ours = named.filter((branch) => typeof branch === 'string').filter((branch) => OURS.test(branch))
  return [...new Set(ours)].slice(0, BRANCHES_MAX)
}

function eventOf(git: string, branch: string, id: string): RegistryEvent {
  const nothing = { registry: null, repository: null, tag: null, digest: null, mediaType: null, subject: null }
  return { kind: 'pull-request', id, pull: { git, branch }, ...nothing, pusher: null, occurredAt: null }
}
