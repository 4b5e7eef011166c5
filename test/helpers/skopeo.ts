/** Pushes and inspects with Debian's `skopeo`, from an OCI layout that we write ourselves: no network but the registry's. */

import { execFile } from 'node:child_process'
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { tinyImage } from '../../src/cli/demo/image.ts'
import type { TinyImage } from '../../src/cli/demo/image.ts'
import type { Digest } from '../../src/domain/image.ts'

const run = promisify(execFile)
const TIMEOUT_MS = 30_000

/** True where a program of this name can be run; journeys skip visibly where it is not. */
export function hasProgram(name: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => isExecutable(join(folder, name)))
}

export type Credential = { readonly username: string; readonly password: string }

/** Pushes a tiny image made from `seed`; the same seed is the same digest. Returns the digest that was pushed. */
export async function pushWithSkopeo(
  host: string,
  repository: string,
  tag: string,
  seed: string,
  credential?: Credential,
): Promise<Digest> {
  const image = tinyImage(seed)
  const folder = mkdtempSync(join(tmpdir(), 'drayage-skopeo-'))
  try {
    writeLayout(folder, image)
    await skopeo([
      'copy',
      '--preserve-digests',
      '--dest-tls-verify=false',
      ...(credential ? ['--dest-creds', `${credential.username}:${credential.password}`] : ['--dest-no-creds']),
      `oci:${folder}`,
      `docker://${host}/${repository}:${tag}`,
    ])
    return image.manifest.digest
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** An image made from `seed`, as a folder that skopeo reads by `oci:`; gives its digest. */
export function writeImageLayout(folder: string, seed: string): Digest {
  const image = tinyImage(seed)
  writeLayout(folder, image)
  return image.manifest.digest
}

/** The digest that skopeo finds behind a tag. */
export async function inspectWithSkopeo(
  host: string,
  repository: string,
  tag: string,
  credential?: Credential,
): Promise<string> {
  const creds = credential ? ['--creds', `${credential.username}:${credential.password}`] : ['--no-creds']
  const reference = `docker://${host}/${repository}:${tag}`
  return (await skopeo(['inspect', '--tls-verify=false', ...creds, '--format', '{{.Digest}}', reference])).trim()
}

async function skopeo(args: readonly string[]): Promise<string> {
  const { stdout } = await run('skopeo', ['--insecure-policy', ...args], { timeout: TIMEOUT_MS })
  return stdout
}

function writeLayout(folder: string, { blobs, manifest }: TinyImage): void {
  const target = join(folder, 'blobs', 'sha256')
  mkdirSync(target, { recursive: true })
  for (const { digest, bytes } of [...blobs, manifest]) writeFileSync(join(target, digest.slice(7)), bytes)
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  const { mediaType, digest, bytes } = manifest
  const index = { schemaVersion: 2, manifests: [{ mediaType, digest, size: bytes.length }] }
  writeFileSync(join(folder, 'index.json'), JSON.stringify(index))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
