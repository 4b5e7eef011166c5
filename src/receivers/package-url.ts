/**
 * Names of images as package URLs write them: `pkg:oci/payments@sha256%3A…?repository_url=ghcr.io/acme/payments&tag=1.4.2`.
 * https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md
 */

import { Digest, parseImageReference, Tag, type ImageReference } from '../domain/image.ts'
import { err, ok, type Result } from '../domain/result.ts'

const PACKAGE_URL_LENGTH_MAX = 2048
const SHAPE =
  /^pkg:\/{0,2}(?<type>[A-Za-z][A-Za-z0-9.+-]*)\/(?<path>[^@?#]+)(?:@(?<version>[^?#]*))?(?:\?(?<qualifiers>[^#]*))?/u

/** `other-type`: a package of another kind, such as `pkg:golang/…`. `unnamed`: of an image, but without the registry's name. */
export function parseImagePackageUrl(text: string): Result<ImageReference, 'malformed' | 'other-type' | 'unnamed'> {
  if (text.length > PACKAGE_URL_LENGTH_MAX) return err('malformed')
  const { type, path = '', version = '', qualifiers = '' } = SHAPE.exec(text)?.groups ?? {}
  if (type === undefined) return err('malformed')
  const kind = type.toLowerCase()
  if (kind !== 'oci' && kind !== 'docker') return err('other-type')
  const said = new URLSearchParams(qualifiers)
  const place = said.get('repository_url')?.replace(/^https?:\/\//u, '')
  // A `docker` URL has the image in its path, and Docker Hub where no host is said; of an `oci` one the path is only the last part.
  const name = kind === 'oci' ? place : [place, decoded(path)].filter(Boolean).join('/')
  if (!name) return err('unnamed')
  const image = parseImageReference(name)
  if (!image.ok || image.value.tag !== null || image.value.digest !== null) return err('malformed')
  const reference = decoded(version)
  const digest = Digest.safeParse(reference).data ?? null
  const tag =
    Tag.safeParse(said.get('tag')).data ?? (kind === 'docker' ? (Tag.safeParse(reference).data ?? null) : null)
  return ok({ ...image.value, tag, digest })
}

/** What does not decode stands for itself, and is then no name. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
