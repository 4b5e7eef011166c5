/** Pushes an image to a registry over HTTP, as `docker push` does: blobs, then the manifest under its tag. */

import type { Http, HttpAnswer, HttpRequest } from '../../clients/http.ts'
import type { Digest } from '../../domain/image.ts'
import type { TinyImage } from './image.ts'

export type PushTarget = {
  readonly host: string
  readonly repository: string
  readonly tag: string
  /** The value of an `Authorization` header, where the registry wants one. */
  readonly authorization: string | null
}

/** Throws where the registry does not take it. */
export async function pushTinyImage(http: Http, target: PushTarget, { blobs, manifest }: TinyImage): Promise<Digest> {
  for (const { digest, bytes } of blobs) {
    const started = await send(http, target, { method: 'POST', url: urlOf(target, 'blobs/uploads/') }, 202)
    const upload = new URL(started.headers.get('location') ?? '', urlOf(target, ''))
    upload.searchParams.set('digest', digest)
    await send(http, target, { method: 'PUT', url: upload, body: Uint8Array.from(bytes) }, 201)
  }
  const url = urlOf(target, `manifests/${target.tag}`)
  const headers = { 'content-type': manifest.mediaType }
  await send(http, target, { method: 'PUT', url, headers, body: Uint8Array.from(manifest.bytes) }, 201)
  return manifest.digest
}

async function send(
  http: Http,
  { host, authorization }: PushTarget,
  request: Omit<HttpRequest, 'hosts'>,
  expected: number,
): Promise<HttpAnswer> {
  const headers = { ...request.headers, ...(authorization === null ? {} : { authorization }) }
  const answer = await http({ ...request, headers, hosts: [host], plainHttp: true })
  if (!answer.ok) throw new Error(`The push was refused: ${answer.error.detail}`)
  if (answer.value.status === expected) return answer.value
  throw new Error(`The registry answered ${answer.value.status} to ${request.method} where ${expected} was expected.`)
}

function urlOf({ host, repository }: PushTarget, rest: string): URL {
  return new URL(`http://${host}/v2/${repository}/${rest}`)
}
