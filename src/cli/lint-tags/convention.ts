/** The ways in which people name images, told by the tag alone. Pure. */

import { signalOfTag } from '../../domain/image.ts'

const PART = '(?:0|[1-9][0-9]{0,8})'
const PRERELEASE = '(?:alpha|beta|rc|pre|preview|dev|snapshot|canary|next|m)(?![a-z])'
const FLOATING =
  'latest|stable|edge|main|master|trunk|head|dev|devel|develop|development|nightly|canary|next|alpha|beta|rc|prod|production|staging|stage|test|testing|qa|lts|current|release'

/** The first that fits. `family` is what tags that belong together share. */
const RULES = [
  /** Says nothing of what it is. */
  ['floating', new RegExp(`^(?:${FLOATING})$`, 'iu')],
  [
    'calendar',
    /^(?:19|20)\d{2}(?:[.-](?:0?[1-9]|1[0-2])(?:[.-]\d{1,6}){0,2}|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))$/u,
  ],
  ['version', new RegExp(`^v?${PART}\\.${PART}\\.${PART}(?:-(?:[0-9]|${PRERELEASE})[0-9A-Za-z.-]*)?$`, 'iu')],
  /** `1.4.2-alpine`: one version in several builds. */
  ['version-of-variant', new RegExp(`^v?${PART}\\.${PART}\\.${PART}-(?<family>[a-z][a-z0-9.-]*)$`, 'iu')],
  /** `1.4`, `v2`: moves with each version, by intent. */
  ['short-version', /^(?:v[0-9]{1,5}|v?[0-9]{1,5}\.[0-9]{1,5})$/u],
  /** `main-1a2b3c4-1700000000` */
  ['commit-and-time', /^(?<family>(?:[A-Za-z0-9._-]*-)?)[0-9a-f]{7,40}-[0-9]{8,14}$/u],
  ['number', /^[0-9]{1,12}$/u],
  ['commit', /^(?<family>(?:(?:sha|git|commit)-)?)[0-9a-f]{7,40}$/u],
  /** `build-123` */
  ['numbered', /^(?<family>[A-Za-z][A-Za-z0-9._-]*?[._-])[0-9]{1,12}$/u],
] as const satisfies readonly (readonly [string, RegExp])[]

export type Convention = (typeof RULES)[number][0] | 'none'
export type Tagged = { readonly tag: string; readonly convention: Convention; readonly family: string }

/** Those that move by intent. */
const MOVING: ReadonlySet<Convention> = new Set(['floating', 'short-version'])

/** Without what is about an image and no image: signatures, attestations. Numbers beside versions are the short form of these. */
export function sortTags(tags: readonly string[]): readonly Tagged[] {
  const images = tags.filter((tag) => signalOfTag(tag) === null).map((tag) => conventionOf(tag))
  const hasVersions = images.some(({ convention }) => convention.startsWith('version'))
  const isShort = ({ tag, convention }: Tagged): boolean => hasVersions && convention === 'number' && tag.length < 3
  return images.map((tagged) => (isShort(tagged) ? { ...tagged, convention: 'short-version' } : tagged))
}

export function movesByIntent({ convention }: Tagged): boolean {
  return MOVING.has(convention)
}

function conventionOf(tag: string): Tagged {
  for (const [convention, pattern] of RULES) {
    const found = pattern.exec(tag)
    if (found !== null) return { tag, convention, family: found.groups?.['family'] ?? '' }
  }
  return { tag, convention: 'none', family: '' }
}
