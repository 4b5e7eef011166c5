/** `drayage verify`: what is proven of an image, or of one signature in a file, and what a policy makes of it. */

import { parseArgs } from 'node:util'
import { DEFAULT_CONFIG } from './load.ts'
import type { Command, ExitCode, Io } from './command.ts'
import { misuse } from './verify/misuse.ts'
import { verifyFile } from './verify/file.ts'
import { verifyImage } from './verify/image.ts'
import { printVerified } from './verify/table.ts'

const help = `
Shows what is proven of an image: who signed it, where that is logged, when, what the scanners
of its registry say, what its manifest shows, and which rule decided. Changes nothing. Workloads
are not asked: image rules see what the image itself says.

Usage: drayage verify IMAGE [--config FILE] [--subscription NAME] [--stage NAME] [--json]
       drayage verify IMAGE --policy FILE [--config FILE] [--json]
       drayage verify --file FILE --kind KIND --digest DIGEST --policy FILE [--json]

  IMAGE               registry/repository:tag, or …@sha256:…
  --config FILE       default ${DEFAULT_CONFIG}: how registries are read, and what must be proven
                      of the subscription that follows the image
  --subscription NAME where several follow it
  --stage NAME        what this stage demands; default: the last one
  --policy FILE       instead, a file with trust:, signers: and verify: as in ${DEFAULT_CONFIG}

On one signature in a file, offline:
  --file FILE         the signature
  --kind KIND         sigstore-bundle, cosign-tag-layer (JSON: mediaType, annotations, and
                      payload in base64), notation-jws or notation-cose
  --digest DIGEST     what it has to be about
  --trust-root FILE   a trusted_root.json in place of every one that signers name
  --artifact FILE     the bytes of the digest, where a bundle signs them themselves
  --media-type TYPE   Notation: the media type that was signed; default: an OCI manifest's
  --size BYTES        Notation: the size that was signed
  --image IMAGE       whose signature it is, for signers that are bound to images

Exit code: 0 trusted, 1 not trusted (or not yet), 2 misuse.

Example:
  $ drayage verify ghcr.io/acme/payments:1.4.2 --policy policy.yaml
  trusted  ghcr.io/acme/payments:1.4.2@sha256:…
           every rule holds; decided by: signature: ci

  Rules, all of which have to hold
    held  signature: ci  signed by ci (https://github.com/acme/payments/.github/workflows/…)
`

const options = {
  config: { type: 'string' },
  subscription: { type: 'string' },
  stage: { type: 'string' },
  policy: { type: 'string' },
  file: { type: 'string' },
  kind: { type: 'string' },
  digest: { type: 'string' },
  'trust-root': { type: 'string' },
  artifact: { type: 'string' },
  'media-type': { type: 'string' },
  size: { type: 'string' },
  image: { type: 'string' },
  json: { type: 'boolean' },
} as const

export const command: Command = { name: 'verify', summary: 'what is proven of an image', help, run }

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const [image, ...others] = positionals
  const isFile = values.file !== undefined
  if (others.length > 0 || (image === undefined) !== isFile) {
    return misuse(io, 'expected one image, or --file with one signature')
  }
  const verified = isFile ? await verifyFile(values, io) : await verifyImage(image ?? '', values, io)
  if (verified === 'misuse') return 2
  if (verified === 'unreadable') return 1
  printVerified(io, verified, values.json ?? false)
  return verified.verdict.state === 'trusted' ? 0 : 1
}
