/** Manifests and blobs of a registry by their digest: what does not have it is refused, whatever a header says. */

import { Digest, formatImage, type ImageName, type Registry } from '../../domain/image.ts'
import type { ManifestBytes, RegistryContent } from '../../domain/registry-content.ts'
import type { RegistryProblem } from '../../domain/registry.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { HttpAnswer } from '../http.ts'
import type { Access } from './access.ts'
import { MANIFEST_ACCEPT, MANIFEST_BYTES_MAX, mediaTypeOf } from './manifest.ts'
import { problemOfStatus } from './problem.ts'
import { readReferrers } from './referrers.ts'
import type { Session } from './session.ts'
import { digestOf } from './text.ts'

/** What a refusal may say, where the blob is smaller than that. */
const ERROR_BYTES_MAX = 64 * 1024

/** How one registry is reached. */
export type Reach = (registry: Registry) => { readonly access: Access; readonly session: Session }

export function createContent(reach: Reach): RegistryContent {
  const content: RegistryContent = {
    async manifest(image, reference) {
      const wanted = Digest.safeParse(reference)
      const answer = await get(image, `manifests/${reference}`, {
        accept: MANIFEST_ACCEPT,
        bytesMax: MANIFEST_BYTES_MAX,
      })
      if (!answer.ok) return answer
      const { status, headers, body } = answer.value
      const name = `${formatImage(image)} ${reference}`
      if (status === 404) return ok(null)
      if (status !== 200) return err(problemOfStatus(status, name, reach(image.registry).access))
      const digest = await digestOf(body, wanted.data?.startsWith('sha512:') === true ? 'sha512' : 'sha256')
      if (wanted.success && digest !== wanted.data) return mismatch(name, digest)
      return ok({ digest, bytes: body, mediaType: mediaTypeOf(headers.get('content-type')) } satisfies ManifestBytes)
    },

    async blob(image, { digest, size }, bytesMax) {
      const name = `${formatImage(image)} blob ${digest}`
      if (size > bytesMax)
        return err({ reason: 'answer-too-large', detail: `${name}: ${size} bytes, ${bytesMax} at most` })
      const answer = await get(image, `blobs/${digest}`, { accept: '*/*', bytesMax: Math.max(size, ERROR_BYTES_MAX) })
      if (!answer.ok) return answer
      const { status, body } = answer.value
      if (status !== 200) return err(problemOfStatus(status, name, reach(image.registry).access))
      const found = await digestOf(body, digest.startsWith('sha512:') ? 'sha512' : 'sha256')
      return found === digest && body.byteLength === size ? ok(body) : mismatch(name, found)
    },

    referrers: (image, subject) =>
      readReferrers({
        image,
        subject,
        url: urlOf(reach(image.registry).access, image, `referrers/${subject}`),
        scope: scopeOf(image),
        session: reach(image.registry).session,
        manifest: content.manifest,
      }),
  }
  return content

  function get(
    image: ImageName,
    path: string,
    { accept, bytesMax }: { readonly accept: string; readonly bytesMax: number },
  ): Promise<Result<HttpAnswer, RegistryProblem>> {
    const { access, session } = reach(image.registry)
    const url = urlOf(access, image, path)
    return session.send({ method: 'GET', url, accept, scope: scopeOf(image), bodyBytesMax: bytesMax })
  }
}

/** Every part passed its grammar, so nothing in it can leave the path. */
export function urlOf({ apiHost, plainHttp }: Access, { repository }: ImageName, rest: string): URL {
  return new URL(`${plainHttp ? 'http' : 'https'}://${apiHost}/v2/${repository}/${rest}`)
}

export function scopeOf({ repository }: ImageName): string {
  return `repository:${repository}:pull`
}

function mismatch(name: string, found: string): Result<never, RegistryProblem> {
  return err({ reason: 'digest-mismatch', detail: `${name}: its bytes have the digest ${found}` })
}
