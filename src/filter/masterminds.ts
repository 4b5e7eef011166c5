/** Ranges as Flux, Kargo and Argo CD Image Updater write them (Masterminds/semver), rewritten as npm's: people bring theirs along. */

/** A version that is not complete and yet has a prerelease: `>=1.2-0`, `1.x-0`, `*-0`. npm knows none of them. */
const INCOMPLETE =
  /(?<=^|\s)(?<operator>>=|<|[~^=]?)\s*v?(?<parts>(?:[0-9]{1,15}|[xX*])(?:\.(?:[0-9]{1,15}|[xX*])){0,2})-(?<prerelease>[0-9A-Za-z.-]+)(?=\s|$)/gu

/** Commas mean "and", as spaces do. What is not understood stays as it is, for npm's parser to refuse. */
export function rewriteMasterminds(range: string): string {
  return range
    .replaceAll(',', ' ')
    .replaceAll(INCOMPLETE, (all: string, operator: string, parts: string, prerelease: string) => {
      const numbers = parts.split('.').filter((part) => /^[0-9]+$/u.test(part))
      return numbers.length === 3 ? all : complete(operator, numbers.map(Number), prerelease)
    })
}

function complete(operator: string, [major, minor]: readonly number[], prerelease: string): string {
  if (major === undefined) return `>=0.0.0-${prerelease}`
  const full = `${major}.${minor ?? 0}.0-${prerelease}`
  if (operator === '>=' || operator === '<') return `${operator}${full}`
  if (minor === undefined) return `>=${full} <${major + 1}.0.0-0`
  return operator === '^' && major > 0 ? `^${full}` : `~${full}`
}
