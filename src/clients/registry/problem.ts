/** What a registry's answer means where it is not what was asked for, and what a person does about it. */

import type { RegistryProblem } from '../../domain/registry.ts'
import { RetryLater } from '../../domain/retry.ts'
import { retryAfterMs } from '../http-retry.ts'
import type { HttpAnswer, HttpProblem } from '../http.ts'
import type { Access } from './access.ts'
import { quotaOf } from './quota.ts'

/** The reasons of the way out, in the words of registries. */
export function problemOfHttp({ reason, detail }: HttpProblem): RegistryProblem {
  switch (reason) {
    case 'address-refused':
      return { reason: 'address-not-allowed', detail }
    case 'redirect-refused':
      return { reason: 'redirect-not-allowed', detail }
    case 'answer-too-large':
      return { reason: 'answer-too-large', detail }
  }
}

/** For any status but 200; 429 and 5xx never get here. */
export function problemOfStatus(status: number, what: string, access: Access): RegistryProblem {
  if (status === 401) return { reason: 'unauthorized', detail: `${what}: refused (401). ${remedyOf(access)}` }
  if (status === 403) return { reason: 'unauthorized', detail: `${what}: not allowed (403). ${permissionOf(access)}` }
  if (status === 404) return { reason: 'tag-not-found', detail: `${what}: not found. ${absenceOf(access)}` }
  if (status >= 300 && status < 400)
    return { reason: 'redirect-not-allowed', detail: `${what}: redirected (${status})` }
  return { reason: 'malformed-answer', detail: `${what}: answered ${status}` }
}

/** Where the registry does not know who we are. */
export function remedyOf({ registry, credential }: Access): string {
  if (credential === null)
    return `It is read anonymously: write pull: for ${registry}, or check that the repository exists and is public`
  if (registry === 'docker.io')
    return 'Check pull: a personal access token goes with its user, an organisation access token with the organisation’s name; a token may be expired or withdrawn'
  return `Check pull: of ${registry}: the name, and that the password or token is not expired or withdrawn. drayage doctor tries it`
}

/** Where it knows who we are, and says no. */
function permissionOf(access: Access): string {
  if (access.credential === null) return remedyOf(access)
  const what = PERMISSIONS.find(([pattern]) => pattern.test(access.registry))?.[1] ?? 'to pull from this repository'
  return `Whom pull: names needs the right ${what}`
}

const PERMISSIONS: readonly (readonly [RegExp, string])[] = [
  [
    /\.dkr[.-]ecr/u,
    'ecr:BatchGetImage on the repository, also in the policy of the repository where it is in another account',
  ],
  [/gcr\.io$|\.pkg\.dev$/u, 'roles/artifactregistry.reader on the repository'],
  [/\.azurecr\.(?:io|cn|us)$/u, 'AcrPull on the registry; of a token: content/read on the repository'],
  [/^ghcr\.io$/u, 'read:packages, and the package must give its organisation or repository access'],
  [/^docker\.io$/u, 'to read the repository: a token of the scope Read-only, or for public repositories alone'],
]

/** Many registries say "not found" where they mean "not for you". */
function absenceOf({ credential }: Access): string {
  return credential === null
    ? 'The tag may be deleted again; a private repository says so too where it is read anonymously'
    : 'The tag may be deleted again, or pull: names somebody who may not see the repository'
}

/** For 429 and 5xx. */
export function laterOf({ status, headers }: HttpAnswer, { registry, credential }: Access, now: number): RetryLater {
  const later = { retryAfterMs: retryAfterMs(headers, now) }
  if (status !== 429)
    return new RetryLater(`${registry} answered ${status}: it is tried again; see the registry's status page`, later)
  const left = quotaOf(headers)
  const quota = left === null ? '' : `, ${left.remaining}${left.limit === null ? '' : ` of ${left.limit}`} left`
  const remedy =
    credential === null
      ? 'Anonymous limits are counted by address: write pull: to have one of your own'
      : 'It is tried again. If it lasts, others use this login too: give Drayage one of its own'
  return new RetryLater(`${registry} limits how often we may ask (429${quota}). ${remedy}`, later)
}
