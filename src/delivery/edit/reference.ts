/** References as people wrote them: split and joined as text, so that what is not edited stays as written. */

import { formatImage, isSameRepository, parseImageReference, type ImageName } from '../../domain/image.ts'

/** Filled in by another tool (Flux and Helm variables, SOPS): what we would write there is not what will stand there. */
const PLACEHOLDER = /\$\{|\$\(|\{\{|\bENC\[/u

export type WrittenReference = { readonly name: string; readonly tag: string | null; readonly digest: string | null }

export function splitReference(text: string): WrittenReference {
  const at = text.indexOf('@')
  const named = at < 0 ? text : text.slice(0, at)
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1)
  return {
    name: colon < 0 ? named : named.slice(0, colon),
    tag: colon < 0 ? null : named.slice(colon + 1),
    digest: at < 0 ? null : text.slice(at + 1),
  }
}

export function joinReference(name: string, tag: string | null, digest: string | null): string {
  return `${name}${tag === null ? '' : `:${tag}`}${digest === null ? '' : `@${digest}`}`
}

/** `v1`, `v1@sha256:…` or `@sha256:…`: what charts take in a field of its own. */
export function joinTag(tag: string | null, digest: string | null): string {
  return joinReference('', tag, digest).replace(/^:/u, '')
}

/** For messages: where the image lives, whichever one it is. */
export function formatName({ registry, repository }: ImageName): string {
  return formatImage({ registry, repository })
}

/** Whether a name as written (without tag) is this image: `nginx` is `docker.io/library/nginx`. */
export function isName(written: string, name: ImageName): boolean {
  const reference = parseImageReference(written)
  return reference.ok && reference.value.tag === null && isSameRepository(reference.value, name)
}

/** Whether the text is a whole image reference by the grammar. */
export function isReference(text: string): boolean {
  return text !== '' && parseImageReference(text).ok
}

export function hasPlaceholder(text: string): boolean {
  return PLACEHOLDER.test(text)
}

/** What every spelling of this name contains; a file without it needs no parsing. */
export function needleOf(name: ImageName): string {
  return name.repository.slice(name.repository.lastIndexOf('/') + 1)
}
