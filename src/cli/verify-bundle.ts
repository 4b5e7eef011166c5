/** `drayage verify-bundle`: one Sigstore bundle over a file, in the words of the official conformance suite. */

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { parseArgs } from 'node:util'
import { Digest } from '../domain/image.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { PUBLIC_GOOD, type Signer, type TrustRoot } from '../domain/signer.ts'
import { escapeForTerminal } from '../escape.ts'
import { verifySigstoreBundle } from '../verification/sigstore/verify.ts'
import type { Command, ExitCode, Io } from './command.ts'

const help = `
Verifies a Sigstore bundle over a file or a digest, with one identity or one key. It speaks
the protocol of sigstore/sigstore-conformance; "drayage verify --file" knows policies.

Usage: drayage verify-bundle --bundle FILE --certificate-identity ID
           --certificate-oidc-issuer URL [--trusted-root FILE] FILE_OR_DIGEST
       drayage verify-bundle --bundle FILE --key FILE [--trusted-root FILE] FILE_OR_DIGEST

  --bundle FILE                 the bundle
  --certificate-identity ID     who must have signed: the whole name in the certificate
  --certificate-oidc-issuer URL who says so
  --key FILE                    a public key (PEM), instead of the two; the log is required
  --trusted-root FILE           a trusted_root.json; without it, Sigstore's public-good one
  --staging                     only together with --trusted-root

Exit code: 0 it holds, 1 it does not, 2 misuse.

Example:
  $ drayage verify-bundle --bundle app.sigstore.json --certificate-identity release@acme.example \\
      --certificate-oidc-issuer https://accounts.google.com app.tar.gz
`

const options = {
  staging: { type: 'boolean' },
  bundle: { type: 'string' },
  'certificate-identity': { type: 'string' },
  'certificate-oidc-issuer': { type: 'string' },
  key: { type: 'string' },
  'trusted-root': { type: 'string' },
} as const

export const command: Command = { name: 'verify-bundle', summary: 'verify a Sigstore bundle over a file', help, run }

type Values = ReturnType<typeof parse>['values']

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options, allowPositionals: true })
}

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args)
  const [about, ...others] = positionals
  if (values.bundle === undefined || about === undefined || others.length > 0) {
    return misuse(io, 'expected --bundle FILE and one file or digest')
  }
  const trustedRoot = values['trusted-root']
  if (values.staging === true && trustedRoot === undefined) {
    return misuse(io, '--staging: expected --trusted-root too; only the public-good root is built in')
  }
  const signer = await signerOf(values)
  if (!signer.ok) return misuse(io, signer.error)
  const root: TrustRoot =
    trustedRoot === undefined ? PUBLIC_GOOD : { ...PUBLIC_GOOD, kind: 'custom', json: await text(trustedRoot) }
  const bytes = await readFile(values.bundle)
  const question = {
    ...(await subjectOf(about)),
    signers: { expected: signer.value },
    trustRoots: { root },
    now: io.now(),
  }
  const fact = await verifySigstoreBundle({ source: values.bundle, bytes }, question)
  if (fact.kind !== 'rejected') return 0
  io.stderr(`${fact.reason}: ${escapeForTerminal(fact.detail)}\n`)
  return 1
}

async function signerOf(values: Values): Promise<Result<Signer, string>> {
  const { key, 'certificate-identity': identity, 'certificate-oidc-issuer': issuer } = values
  if (key !== undefined && identity === undefined && issuer === undefined) {
    return ok({ kind: 'key', pem: await text(key), log: 'required', trust: 'root' })
  }
  if (key !== undefined || identity === undefined || issuer === undefined) {
    return err('expected either --key, or --certificate-identity and --certificate-oidc-issuer')
  }
  return ok({ kind: 'keyless', issuer: { equals: issuer }, subject: { equals: identity }, claims: {}, trust: 'root' })
}

/** A digest only where there is no file of that name, as the protocol says. */
async function subjectOf(about: string): Promise<{ readonly subject: Digest; readonly artifact?: Uint8Array }> {
  const digest = Digest.safeParse(about)
  if (digest.success && about.startsWith('sha256:') && !existsSync(about)) return { subject: digest.data }
  const artifact = await readFile(about)
  return { subject: Digest.parse(`sha256:${createHash('sha256').update(artifact).digest('hex')}`), artifact }
}

function text(file: string): Promise<string> {
  return readFile(file, 'utf8')
}

function misuse(io: Io, message: string): ExitCode {
  io.stderr(`drayage verify-bundle: ${escapeForTerminal(message)}\nTry: drayage verify-bundle --help\n`)
  return 2
}
