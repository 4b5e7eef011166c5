/** The distribution-spec's requests to a small registry, each from its bytes to its reply. */

import * as z from 'zod'
import { Digest, Repository, Tag } from '../../domain/image.ts'
import { Json } from '../../domain/json.ts'
import { digestOf } from './image.ts'
import { isDigestOf, type Manifest, type RegistryStore } from './registry-store.ts'

const MANIFEST_BYTES_MAX = 4 * 1024 * 1024
const TAG_PAGE_MAX = 1_000
const MANIFEST_TYPE =
  /^application\/vnd\.(?:oci\.image\.(?:manifest|index)\.v1|docker\.distribution\.manifest\.(?:list\.)?v2)\+json$/u
const ROUTE =
  /^\/v2\/(?<name>.+)\/(?:(?<tags>tags)\/list|manifests\/(?<reference>[^/]+)|blobs\/uploads\/(?<upload>[^/]*)|blobs\/(?<blob>[^/]+))$/u

export type RegistryRequest = {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
}
export type Reply = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
}
/** Told of every manifest that was pushed. Tag null: by digest only. */
export type OnPush = (repository: string, manifest: Manifest, tag: string | null, request: RegistryRequest) => void

const Child = z.object({ digest: Digest })
const Pushed = z.object({
  config: Child.optional(),
  layers: z.array(Child).optional(),
  manifests: z.array(Child).optional(),
})

type Target = { readonly store: RegistryStore; readonly request: RegistryRequest; readonly name: string }

/** Answers a request; whatever is wrong with it is an answer too. */
export function answer(store: RegistryStore, request: RegistryRequest, onPush: OnPush): Reply {
  if (request.path === '/v2/' || request.path === '/v2') return json(200, {})
  const route = ROUTE.exec(request.path)?.groups
  const name = Repository.safeParse(route?.['name'])
  if (route === undefined) return failure(404, 'NAME_UNKNOWN', 'no such address in a registry')
  if (!name.success) return failure(400, 'NAME_INVALID', 'expected a lower-case repository path')
  const target = { store, request, name: name.data }
  if (route['tags'] !== undefined) return listTags(target)
  if (route['reference'] !== undefined) return manifests(target, route['reference'], onPush)
  if (route['blob'] !== undefined) return readBlob(target, route['blob'])
  return route['upload'] === '' ? startUpload(target) : upload(target, route['upload'] ?? '')
}

/** An error as the specification wants it. */
export function failure(status: number, code: string, message: string): Reply {
  return json(status, { errors: [{ code, message, detail: null }] })
}

function listTags({ store, request, name }: Target): Reply {
  if (request.method !== 'GET') return methodNotAllowed()
  const tags = store.tags(name)
  if (tags === null) return failure(404, 'NAME_UNKNOWN', 'nothing was pushed to this repository')
  const asked = request.query.get('n')
  if (asked !== null && !/^[0-9]{1,9}$/u.test(asked)) return failure(400, 'PAGINATION_NUMBER_INVALID', 'n is no number')
  const size = Math.min(Number(asked ?? TAG_PAGE_MAX), TAG_PAGE_MAX)
  const last = request.query.get('last')
  const rest = last === null ? tags : tags.filter((tag) => tag > last)
  const page = rest.slice(0, size)
  const next = new URLSearchParams({ n: String(size), last: page.at(-1) ?? '' })
  const link =
    page.length > 0 && page.length < rest.length ? { link: `</v2/${name}/tags/list?${next}>; rel="next"` } : {}
  return json(200, { name, tags: page }, link)
}

function manifests(target: Target, reference: string, onPush: OnPush): Reply {
  const { store, request, name } = target
  if (request.method === 'PUT') return putManifest(target, reference, onPush)
  const found = store.manifest(name, reference)
  if (found === undefined) return failure(404, 'MANIFEST_UNKNOWN', 'no such manifest here')
  if (request.method === 'DELETE') return store.remove(name, reference) ? { status: 202 } : { status: 404 }
  if (request.method !== 'GET' && request.method !== 'HEAD') return methodNotAllowed()
  const headers = { 'content-type': found.mediaType, 'docker-content-digest': found.digest }
  return { status: 200, headers, body: found.bytes }
}

function putManifest({ store, request, name }: Target, reference: string, onPush: OnPush): Reply {
  const { body } = request
  const mediaType = request.headers['content-type'] ?? ''
  const tag = Tag.safeParse(reference)
  if (body.length > MANIFEST_BYTES_MAX) return failure(413, 'MANIFEST_INVALID', `more than ${MANIFEST_BYTES_MAX} bytes`)
  if (!MANIFEST_TYPE.test(mediaType)) return failure(400, 'MANIFEST_INVALID', 'expected an OCI or Docker v2 media type')
  if (!tag.success && !isDigestOf(reference, body))
    return failure(400, 'DIGEST_INVALID', 'the bytes have another digest')
  const pushed = Json.pipe(Pushed).safeParse(body.toString())
  if (!pushed.success) return failure(400, 'MANIFEST_INVALID', 'not a manifest')
  const { config, layers = [], manifests: children = [] } = pushed.data
  const isMissingBlob = [...(config ? [config] : []), ...layers].some(
    ({ digest }) => store.blob(name, digest) === undefined,
  )
  if (isMissingBlob) return failure(400, 'MANIFEST_BLOB_UNKNOWN', 'push the blobs first')
  const isMissingChild = children.some(({ digest }) => store.manifest(name, digest) === undefined)
  if (isMissingChild) return failure(400, 'MANIFEST_BLOB_UNKNOWN', 'push the children of an index first')
  if (!store.hasRoom(body.length)) return full()
  const manifest = { digest: tag.success ? digestOf(body) : Digest.parse(reference), mediaType, bytes: body }
  store.putManifest(name, manifest, tag.success ? tag.data : null)
  onPush(name, manifest, tag.success ? tag.data : null, request)
  return created(`/v2/${name}/manifests/${manifest.digest}`, manifest.digest)
}

function readBlob({ store, request, name }: Target, digest: string): Reply {
  if (request.method !== 'GET' && request.method !== 'HEAD') return methodNotAllowed()
  const bytes = store.blob(name, digest)
  if (bytes === undefined) return failure(404, 'BLOB_UNKNOWN', 'no such blob here')
  const headers = { 'content-type': 'application/octet-stream', 'docker-content-digest': digest }
  return { status: 200, headers, body: bytes }
}

/** `?mount=&from=`: the blob is elsewhere already. `?digest=`: the whole blob is in this request. */
function startUpload(target: Target): Reply {
  const { store, request, name } = target
  if (request.method !== 'POST') return methodNotAllowed()
  const mount = request.query.get('mount')
  const mounted = mount === null ? undefined : store.blob(request.query.get('from') ?? name, mount)
  if (mount !== null && mounted !== undefined) {
    store.putBlob(name, mount, mounted)
    return created(`/v2/${name}/blobs/${mount}`, mount)
  }
  const id = store.startUpload(name)
  if (id === null) return failure(429, 'TOOMANYREQUESTS', 'too many uploads under way')
  return request.query.has('digest') ? finishUpload(target, id) : progress(202, target, id)
}

function upload(target: Target, id: string): Reply {
  const { store, request, name } = target
  const size = store.uploaded(name, id)
  if (size === null) return failure(404, 'BLOB_UPLOAD_UNKNOWN', 'no such upload here')
  const start = /^(?:bytes )?(?<start>[0-9]+)-/u.exec(request.headers['content-range'] ?? '')?.groups?.['start']
  if (start !== undefined && Number(start) !== size) return { ...progress(416, target, id) }
  switch (request.method) {
    case 'GET':
      return progress(204, target, id)
    case 'DELETE':
      store.endUpload(id)
      return { status: 204 }
    case 'PATCH':
      if (!store.hasRoom(request.body.length)) return full()
      store.append(id, request.body)
      return progress(202, target, id)
    case 'PUT':
      return finishUpload(target, id)
    default:
      return methodNotAllowed()
  }
}

function finishUpload({ store, request, name }: Target, id: string): Reply {
  const digest = request.query.get('digest') ?? ''
  if (!store.hasRoom(request.body.length)) return full()
  store.append(id, request.body)
  const bytes = store.endUpload(id)
  if (!isDigestOf(digest, bytes)) return failure(400, 'DIGEST_INVALID', 'the bytes have another digest')
  store.putBlob(name, digest, bytes)
  return created(`/v2/${name}/blobs/${digest}`, digest)
}

function progress(status: number, { store, name }: Target, id: string): Reply {
  const size = store.uploaded(name, id) ?? 0
  const headers = {
    location: `/v2/${name}/blobs/uploads/${id}`,
    range: `0-${Math.max(size - 1, 0)}`,
    'docker-upload-uuid': id,
  }
  return { status, headers }
}

function created(location: string, digest: string): Reply {
  return { status: 201, headers: { location, 'docker-content-digest': digest } }
}

function full(): Reply {
  return failure(413, 'DENIED', 'this registry lives in memory and is full')
}

function methodNotAllowed(): Reply {
  return failure(405, 'UNSUPPORTED', 'no such operation')
}

function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(value)),
  }
}
