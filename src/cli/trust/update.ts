/** Fetches a trusted root by TUF: each step of its metadata is signed by those before it, from a root that we know. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import seeds from '@sigstore/tuf/seeds.json' with { type: 'json' }
import { BaseFetcher, Updater } from 'tuf-js'
import { DownloadHTTPError } from 'tuf-js/dist/error.js'
import * as z from 'zod'
import type { Http } from '../../clients/http.ts'
import { Json } from '../../domain/json.ts'
import { err, ok, type Result } from '../../domain/result.ts'

export const PUBLIC_GOOD_MIRROR = 'https://tuf-repo-cdn.sigstore.dev'
const TARGET = 'trusted_root.json'
/** Metadata and target alike: the largest one is some hundred KiB. */
const ANSWER_BYTES_MAX = 8 * 1024 * 1024

const Expiring = z.object({ signed: z.object({ expires: z.iso.datetime({ offset: true }), version: z.number() }) })

export type Fetched = {
  readonly json: string
  /** Of the TUF root: until when the metadata vouches for it. */
  readonly expires: number
  readonly version: number
}

/** `root`: the first `root.json`, out of band. Null: Sigstore's own, which is compiled in. */
export async function fetchTrustedRoot(
  http: Http,
  { mirror, root }: { readonly mirror: URL; readonly root: Buffer | null },
): Promise<Result<Fetched, string>> {
  const first = root ?? seedOf(mirror)
  if (first === null) return err('expected --root FILE: the first root.json of this mirror is not compiled in')
  const folder = await mkdtemp(join(tmpdir(), 'drayage-tuf-'))
  try {
    await writeFile(join(folder, 'root.json'), first)
    const base = mirror.href.replace(/\/$/u, '')
    const updater = new Updater({
      metadataDir: folder,
      targetDir: folder,
      metadataBaseUrl: base,
      targetBaseUrl: `${base}/targets`,
      fetcher: new GuardedFetcher(http, mirror),
    })
    await updater.refresh()
    const info = await updater.getTargetInfo(TARGET)
    if (info === undefined) return err(`this mirror has no ${TARGET}`)
    const json = await readFile(await updater.downloadTarget(info), 'utf8')
    const { signed } = Json.pipe(Expiring).parse(await readFile(join(folder, 'root.json'), 'utf8'))
    return ok({ json, expires: Date.parse(signed.expires), version: signed.version })
  } catch (error) {
    return err(
      `the metadata of ${mirror.host} does not hold: ${error instanceof Error ? error.message : String(error)}`,
    )
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Our way out, with its bounds; the library asks for the next root until there is none. */
class GuardedFetcher extends BaseFetcher {
  readonly #http: Http
  readonly #mirror: URL

  constructor(http: Http, mirror: URL) {
    super()
    this.#http = http
    this.#mirror = mirror
  }

  override async fetch(url: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const { host, protocol } = this.#mirror
    const answer = await this.#http({
      url: new URL(url),
      hosts: [host],
      plainHttp: protocol === 'http:',
      limits: { bodyBytesMax: ANSWER_BYTES_MAX },
    })
    if (!answer.ok) throw new Error(answer.error.detail)
    const { status, body } = answer.value
    if (status !== 200) throw new DownloadHTTPError(`${host} answered ${status}`, status)
    return new Blob([body]).stream()
  }
}

function seedOf({ origin, pathname }: URL): Buffer | null {
  if (origin !== PUBLIC_GOOD_MIRROR || pathname !== '/') return null
  return Buffer.from(seeds[PUBLIC_GOOD_MIRROR]['root.json'], 'base64')
}
