/** Where a peer's expectation is a defect or means something else than we do: each rule with its reason. Our own expectations have none. */

import { isTag } from '../../src/domain/image.ts'
import type { PeerCheck } from './auth.ts'
import type { EditCase } from './edits.ts'
import type { PayloadCase } from './payloads.ts'
import type { Case as TagCase, Peer } from './tags/case.ts'

type Rule<Case> = { readonly reason: string; applies(row: Case): boolean }

/** These peers write the whole file anew (four spaces for each level): their answer is compared without regard to indentation. */
export const reencoded: ReadonlySet<EditCase['kind']> = new Set(['yaml-path-update', 'image-leave'])

export const editExceptions: readonly Rule<EditCase>[] = [
  {
    reason: 'overwrites an alias: a person wrote it so that one value rules both places, so we never do',
    applies: (row) => row.kind === 'yaml-path-update' && endsAtAlias(row.input, row.path),
  },
]

function endsAtAlias(text: string, path: string): boolean {
  const key = path.slice(path.lastIndexOf('.') + 1)
  return text.split('\n').some((line) => line.trim().startsWith(`${key}: *`))
}

export const payloadExceptions: readonly Rule<PayloadCase>[] = [
  {
    reason: 'the peer wakes up on any body and reads no image from it; ours refuses a body that names none',
    applies: ({ expected: [expected] }) => expected.http_status === 200 && !expected.repository && !expected.ignore,
  },
  {
    reason: 'misspelt where it was written down: the owner DingGGu is dingggu in lower case, with three g',
    applies: ({ expected: [expected] }) => expected.repository === 'dinggu/utaitebox',
  },
  {
    reason: "follows Helm charts too; to us a chart's media type says that no workload runs it",
    applies: ({ file }) => /^kargo--ghcr--.*helm-chart/u.test(file),
  },
  {
    reason: 'guesses quay.io where the payload names no host (a defect: peers 5.3); ours is the configuration’s',
    applies: ({ file }) => /^argocd-image-updater--quay--.*-falls-back-to-quay-io\.json$/u.test(file),
  },
  {
    reason: 'reads no digest of a payload that has one',
    applies: ({ file }) => file === 'argocd-image-updater--aliyun-acr--full-payload-from-user-example.json',
  },
  {
    reason: 'wakes up for pushes alone; ours keeps a deletion, as a signal',
    applies: ({ file }) => file === 'argocd-image-updater--harbor--unsupported-event-type.json',
  },
  {
    reason: 'would refuse two tags in one event; our own expectation of this body takes its tag, and asks the registry',
    applies: ({ file }) => file === 'keel--harbor--push-artifact-tag-field-disagrees-with-resource-url.json',
  },
]

/** Checks that are about no receiver of ours. */
export const authUnasked: readonly Rule<PeerCheck>[] = [
  {
    reason: 'is about the edge, whoever sends: its size bound and its readiness have tests of their own',
    applies: ({ registry_type }) => registry_type === 'any',
  },
  {
    reason: "lets anybody in who knows a path that is made of the secret's hash; ours compares the secret",
    applies: ({ registry_type }) => registry_type === 'quay/dockerhub/acr/generic',
  },
  {
    reason: 'lets anybody in (a hole: the case itself says so)',
    applies: ({ registry_type }) => registry_type === '/v1/webhooks/registry',
  },
]

export type TagRule = Rule<TagCase> & { readonly peer: Peer | 'any' }

/** Questions that no tag filter of ours answers. */
export const tagsUnasked: readonly TagRule[] = [
  {
    peer: 'image-updater',
    reason: 'compares two images by tag and digest; our identity is the digest alone',
    applies: ({ check }) => check === 'same-image',
  },
  {
    peer: 'image-updater',
    reason: "sorts by an image's build date, which we never ask for: pushes are ordered as observed",
    applies: ({ check, policy }) => check === 'sort' && policy?.type === 'newest-build',
  },
  {
    peer: 'keel',
    reason: 'orders versions and other tags in one list: a filter of ours counts one kind',
    applies: ({ check }) => check === 'order-candidates',
  },
  {
    peer: 'renovate',
    reason: 'orders by a group that only one of the two tags has: a template of ours has all of its parts',
    applies: ({ check, regex = '', a, b }) =>
      (check === 'greater-than' || check === 'equals') && hasPrerelease(regex, a) !== hasPrerelease(regex, b),
  },
]

/** Asked, answered otherwise, and rightly so. */
export const tagsOtherwise: readonly TagRule[] = [
  {
    peer: 'any',
    reason: 'nothing follows latest unless digestOf says so',
    applies: ({ tag, new: pushed, event }) => [tag, pushed, event?.tag].includes('latest'),
  },
  {
    peer: 'any',
    reason: 'a text that no registry takes as a tag',
    applies: ({ tag, tags = [], new: pushed, a, b }) =>
      [tag, pushed, a, b, ...tags].some((text) => typeof text === 'string' && !isTag(text)),
  },
  {
    peer: 'flux',
    reason: 'one tag that is no number fails the whole policy (a defect: peers 5.3); ours counts the others',
    applies: ({ policy, tags = [] }) =>
      policy?.type === 'numerical' && tags.some((tag) => !/^-?\d+(?:\.\d+)?$/u.test(tag)),
  },
  {
    peer: 'flux',
    reason: 'a template that names no group of the expression extracts nothing; ours is refused before any tag',
    applies: ({ filter, expected }) =>
      Boolean(filter?.extract) && Array.isArray(expected) && expected.every((text) => text === ''),
  },
  {
    peer: 'keel',
    reason: 'a version pushed again is an update; ours refuses a version that moves to other content',
    applies: ({ policy, current, new: pushed }) =>
      policy?.type === 'force' && current === pushed && /^v?\d/u.test(pushed ?? ''),
  },
  {
    peer: 'keel',
    reason: 'from latest, or from a tag that it cannot read, any tag may follow (keel#480); ours must still count',
    applies: ({ policy, current = '' }) => policy?.type === 'semver' && !/^v?\d+\.\d/u.test(current),
  },
  {
    peer: 'keel',
    reason: 'a glob binds by a current tag that it does not match; ours sets no bound by what does not count',
    applies: ({ policy, current = '' }) =>
      policy?.type === 'glob' && !current.startsWith((policy.pattern ?? '').split('*')[0] ?? ''),
  },
  {
    peer: 'renovate',
    reason: 'shorter is bigger, 2.1 after 2.1.1 (peers 5.3); in ours a missing part is zero',
    applies: ({ versioning, check, a, b, tags = [] }) =>
      versioning === 'docker' &&
      (check === 'satisfying' || check === 'greater-than' || check === 'equals') &&
      new Set([a, b, ...tags].filter((tag) => typeof tag === 'string').map((tag) => tag.split('.').length)).size > 1,
  },
  {
    peer: 'renovate',
    reason: 'a suffix is a compatibility key; in a semantic version it is a prerelease',
    applies: ({ versioning, tag = '', a = '', b = '' }) =>
      versioning === 'docker' && [tag, a, b].some((text) => /^v?\d[\d.]*-/u.test(String(text))),
  },
  {
    peer: 'renovate',
    reason: 'any text that begins with a number is a version; ours are semantic versions',
    applies: ({ versioning, check, tag = '' }) =>
      versioning === 'docker' && check === 'is-version' && /^v?\d/u.test(tag),
  },
  {
    peer: 'renovate',
    reason: 'an expression must name a group of a version; ours may order by the whole',
    applies: ({ check, regex = '' }) => check === 'regex-accepted' && !regex.includes('(?<'),
  },
]

function hasPrerelease(regex: string, tag: unknown): boolean {
  const groups = new RegExp(regex, 'u').exec(String(tag))?.groups
  return (groups?.['prerelease'] ?? '') !== ''
}
