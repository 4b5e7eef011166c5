/** One signature in a file, offline: nobody is asked for anything, so what only a network knows (revocation) stays unknown. */

import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { Json } from '../../domain/json.ts'
import type { Evidence } from '../../domain/evidence.ts'
import { Digest, parseImageReference, Registry, Repository, Tag, type PinnedImage } from '../../domain/image.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { NotationSigner, Signers } from '../../domain/signer.ts'
import { verifyNotation } from '../../verification/notation/notation.ts'
import { judgePolicy } from '../../verification/policy.ts'
import { verifyCosignLayer, verifySigstoreBundle } from '../../verification/sigstore/verify.ts'
import type { LoadedPolicy } from '../../config/policy-file.ts'
import type { Io } from '../command.ts'
import { misuse } from './misuse.ts'
import { policyOfFile } from './policy.ts'
import type { Shown } from './table.ts'

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const KINDS = ['sigstore-bundle', 'cosign-tag-layer', 'notation-jws', 'notation-cose'] as const
const ENVELOPES = { 'notation-jws': 'application/jose+json', 'notation-cose': 'application/cose' } as const

const Options = z.object({
  file: z.string(),
  kind: z.enum(KINDS, `expected --kind ${KINDS.join(', ')}`),
  digest: Digest,
  policy: z.string('expected --policy FILE'),
  'trust-root': z.string().optional(),
  artifact: z.string().optional(),
  'media-type': z.string().default(OCI_MANIFEST),
  size: z
    .string()
    .regex(/^[0-9]{1,15}$/u, 'expected --size BYTES')
    .transform(Number)
    .optional(),
  image: z.string().optional(),
})
type Options = z.infer<typeof Options>

export async function verifyFile(values: unknown, io: Io): Promise<Shown | 'misuse' | 'unreadable'> {
  const options = Options.safeParse(values)
  if (!options.success) {
    const [issue] = options.error.issues
    misuse(io, `--${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
    return 'misuse'
  }
  const image = imageOf(options.data)
  if (!image.ok) {
    misuse(io, image.error)
    return 'misuse'
  }
  const policy = await policyOfFile(options.data.policy, options.data['trust-root'], io)
  if (policy === null) return 'unreadable'
  const fact = await factOf(options.data, policy, io.now())
  const given = { policy: policy.policy, signers: policy.signers, image: image.value, evidence: [fact] }
  const judged = judgePolicy({ ...given, platforms: null, facts: null, runningBuiltAt: null, now: io.now() })
  return {
    ...judged,
    evidence: [fact],
    name: `${options.data.file} for ${options.data.digest}`,
    under: options.data.policy,
  }
}

/** Whose signature it is matters to signers that are bound to images; without a name, none of those fits. */
function imageOf({ image, digest }: Options): Result<PinnedImage, string> {
  const tag = Tag.parse('latest')
  const nowhere = { registry: Registry.parse('unnamed.invalid'), repository: Repository.parse('unnamed') }
  if (image === undefined) return ok({ ...nowhere, tag, digest })
  const named = parseImageReference(image)
  if (!named.ok) return err(`--image: ${named.error.expected}`)
  if (named.value.digest !== null && named.value.digest !== digest) return err('--image and --digest differ')
  return ok({ ...named.value, tag: named.value.tag ?? tag, digest })
}

async function factOf(options: Options, { signers, trust }: LoadedPolicy, now: number): Promise<Evidence> {
  const { file, kind, digest, artifact } = options
  const bytes = await readFile(file)
  const question = { subject: digest, signers, trustRoots: trust, now }
  switch (kind) {
    case 'sigstore-bundle': {
      const about = artifact === undefined ? {} : { artifact: await readFile(artifact) }
      return verifySigstoreBundle({ source: file, bytes }, { ...question, ...about })
    }
    case 'cosign-tag-layer': {
      const layer = Layer.safeParse(bytes.toString('utf8'))
      if (layer.success) return verifyCosignLayer({ source: file, ...layer.data }, question)
      const detail = 'expected a JSON object with mediaType, annotations, and payload in base64'
      return { kind: 'rejected', source: file, format: kind, reason: 'malformed', detail }
    }
    case 'notation-jws':
    case 'notation-cose': {
      const size = options.size ?? (artifact === undefined ? 0 : (await readFile(artifact)).byteLength)
      const descriptor = { digest, size, mediaType: options['media-type'] }
      const material = { source: file, mediaType: ENVELOPES[kind], bytes }
      return verifyNotation(material, { descriptor, signers: notationSigners(signers), now, revocation: {} })
    }
  }
}

const Layer = Json.pipe(
  z
    .object({ mediaType: z.string(), annotations: z.record(z.string(), z.string()).nullish(), payload: z.base64() })
    .transform(({ mediaType, annotations, payload }) => ({
      mediaType,
      annotations: annotations ?? {},
      blob: Buffer.from(payload, 'base64'),
    })),
)

function notationSigners(signers: Signers): Readonly<Record<string, NotationSigner>> {
  const entries = Object.entries(signers)
  return Object.fromEntries(entries.flatMap(([name, one]) => (one.kind === 'notation' ? [[name, one] as const] : [])))
}
