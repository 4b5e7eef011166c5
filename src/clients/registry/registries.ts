/** The client of OCI registries (distribution-spec): what a tag points at, what that is, and which tags there are. */

import type { Config } from '../../domain/config.ts'
import { Digest, formatImage, type ImageName, type Registry } from '../../domain/image.ts'
import type { RegistryContent } from '../../domain/registry-content.ts'
import type { ManifestKind, Registries, RegistryProblem, Resolved } from '../../domain/registry.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { Secret, SecretReference } from '../../domain/secret.ts'
import { createSignedEcr } from '../aws/ecr.ts'
import type { Http, HttpAnswer } from '../http.ts'
import type { CredentialTools } from '../registry-credentials/index.ts'
import { accessOf, type Access } from './access.ts'
import { createContent, scopeOf, urlOf } from './content.ts'
import { isManifestType, MANIFEST_ACCEPT, MANIFEST_BYTES_MAX, mediaTypeOf, readManifest } from './manifest.ts'
import { problemOfStatus } from './problem.ts'
import { quotaOf, type Quota } from './quota.ts'
import { createSession, type Session } from './session.ts'
import { listAllTags } from './tag-list.ts'
import { digestOf } from './text.ts'
import { createTokens } from './tokens.ts'

/**
 * What a digest is never changes, so it is read once: registries count such reads (Docker Hub calls them pulls), and whoever
 * sends the same event again and again shall not use them up.
 */
const KINDS_KEPT_MAX = 1_000

export type RegistriesOptions = {
  readonly http: Http
  readonly registries: Config['registries']
  readonly secretOf: (reference: SecretReference) => Secret
  readonly now: () => number
  /** Where clouds' credentials are found. Left out: nowhere but in the configuration. */
  readonly platform?: Pick<CredentialTools, 'env' | 'readFile' | 'createEcr'>
  /** Each time that a registry speaks of its rate limit. */
  readonly onQuota?: (registry: Registry, quota: Quota) => void
}
/** `quotaOf`: the rate limit that the registry spoke of last; null where it never did. */
export type RegistriesWithQuota = Registries & {
  quotaOf(registry: Registry): Quota | null
  /** Manifests, blobs and referrers by digest, over the same sessions. */
  readonly content: RegistryContent
}

const NO_PLATFORM: NonNullable<RegistriesOptions['platform']> = {
  env: {},
  readFile: async (path) => Promise.reject(new Error(`there are no files here: ${path}`)),
  createEcr: createSignedEcr,
}

/** One registry as we know it by now. */
type Host = { readonly access: Access; readonly session: Session; headTellsDigest: boolean; quota: Quota | null }
type Answer = Promise<Result<HttpAnswer, RegistryProblem>>

/** One event costs at most four requests, a first token included; with a kept token, two; of content that is known, one. */
export function createRegistries(options: RegistriesOptions): RegistriesWithQuota {
  const { http, registries, secretOf, now, platform = NO_PLATFORM, onQuota } = options
  const tools = { http, secretOf, now, ...platform }
  const tokens = createTokens(http, now)
  const hosts = new Map<Registry, Host>()
  const kinds = new Map<string, ManifestKind>()

  return {
    async resolve(image, known) {
      const host = hostOf(image.registry)
      if (!host.headTellsDigest) return resolveByGet(host, image)
      const answer = await ask(host, image, 'HEAD', image.tag, known)
      if (!answer.ok) return answer
      const { status, headers } = answer.value
      if (status === 304 && known !== undefined) return ok({ digest: known, mediaType: '' })
      const isSilent = status === 200 && (!headers.has('docker-content-digest') || !headers.has('content-type'))
      if (isSilent || status === 405 || status === 501) {
        host.headTellsDigest = false
        return resolveByGet(host, image)
      }
      if (status !== 200) return err(problemOfStatus(status, formatImage(image), host.access))
      return resolvedOf(headers, formatImage(image))
    },

    async inspect(image) {
      const name = formatImage(image)
      const known = kinds.get(name)
      if (known !== undefined) return ok(known)
      const host = hostOf(image.registry)
      const answer = await ask(host, image, 'GET', image.digest)
      if (!answer.ok) return answer
      const { status, headers, body } = answer.value
      if (status !== 200) return err(problemOfStatus(status, name, host.access))
      const found = await digestOf(body, image.digest.startsWith('sha512:') ? 'sha512' : 'sha256')
      if (found !== image.digest) return mismatch(`${name}: its bytes have the digest ${found}`)
      const manifest = readManifest(body, headers.get('content-type'))
      if (!manifest.ok) return manifest
      keep(name, manifest.value.kind)
      return ok(manifest.value.kind)
    },

    async listTags(image) {
      const { access, session } = hostOf(image.registry)
      return listAllTags({ access, session }, urlOf(access, image, 'tags/list'), scopeOf(image))
    },

    quotaOf: (registry) => hosts.get(registry)?.quota ?? null,

    content: createContent(hostOf),
  }

  /** For registries whose HEAD does not tell: the bytes themselves do, and are then not read twice. */
  async function resolveByGet(
    host: Host,
    image: Parameters<Registries['resolve']>[0],
  ): Promise<Result<Resolved, RegistryProblem>> {
    const answer = await ask(host, image, 'GET', image.tag)
    if (!answer.ok) return answer
    const { status, headers, body } = answer.value
    if (status !== 200) return err(problemOfStatus(status, formatImage(image), host.access))
    const digest = await digestOf(body, 'sha256')
    const claimed = headers.get('docker-content-digest')
    if (claimed?.startsWith('sha256:') && claimed !== digest) {
      return mismatch(`${formatImage(image)}: its bytes have the digest ${digest}`)
    }
    const manifest = readManifest(body, headers.get('content-type'))
    if (!manifest.ok) return manifest
    keep(formatImage({ registry: image.registry, repository: image.repository, digest }), manifest.value.kind)
    return ok({ digest, mediaType: manifest.value.mediaType })
  }

  function keep(name: string, kind: ManifestKind): void {
    const oldest = kinds.size >= KINDS_KEPT_MAX ? kinds.keys().next().value : undefined
    if (oldest !== undefined) kinds.delete(oldest)
    kinds.set(name, kind)
  }

  async function ask(host: Host, image: ImageName, method: 'GET' | 'HEAD', reference: string, known?: Digest): Answer {
    const url = urlOf(host.access, image, `manifests/${reference}`)
    const asked = { method, url, accept: MANIFEST_ACCEPT, scope: scopeOf(image), bodyBytesMax: MANIFEST_BYTES_MAX }
    const call = { ...asked, ...(known === undefined ? {} : { ifNoneMatch: `"${known}"` }) }
    const answer = await host.session.send(call)
    const quota = answer.ok ? quotaOf(answer.value.headers) : null
    if (quota !== null) onQuota?.(image.registry, quota)
    host.quota = quota ?? host.quota
    return answer
  }

  function hostOf(registry: Registry): Host {
    const known = hosts.get(registry)
    if (known !== undefined) return known
    const access = accessOf(registry, registries, tools)
    const host = { access, session: createSession(access, { http, tokens, now }), headTellsDigest: true, quota: null }
    hosts.set(registry, host)
    return host
  }
}

function resolvedOf(headers: Headers, name: string): Result<Resolved, RegistryProblem> {
  const digest = Digest.safeParse(headers.get('docker-content-digest'))
  const mediaType = mediaTypeOf(headers.get('content-type')) ?? ''
  if (!digest.success) return err({ reason: 'malformed-answer', detail: `${name}: the registry answered no digest` })
  if (!isManifestType(mediaType)) {
    return err({ reason: 'unsupported-manifest', detail: `${name}: neither an OCI nor a Docker v2 image or index` })
  }
  return ok({ digest: digest.data, mediaType })
}

function mismatch(detail: string): Result<never, RegistryProblem> {
  return err({ reason: 'digest-mismatch', detail })
}
