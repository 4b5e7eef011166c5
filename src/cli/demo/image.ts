/** The smallest real images: a configuration and one layer with one file, the same bytes for the same content. */

import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { Digest } from '../../domain/image.ts'

const IMAGE_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const IMAGE_CONFIG = 'application/vnd.oci.image.config.v1+json'
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'
const TAR_BLOCK_BYTES = 512

type Blob = { readonly digest: Digest; readonly mediaType: string; readonly bytes: Buffer }
/** Content ready to be pushed: the blobs first, the manifest last. */
export type TinyImage = { readonly blobs: readonly Blob[]; readonly manifest: Blob }

/** Other content, other digest: `content` becomes the file `/content` of the only layer. */
export function tinyImage(content: string): TinyImage {
  const tar = tarOf('content', Buffer.from(content))
  const layer = blobOf(LAYER, gzipSync(tar))
  const config = blobOf(
    IMAGE_CONFIG,
    json({
      architecture: 'amd64',
      os: 'linux',
      config: { Cmd: ['/content'] },
      rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
    }),
  )
  const manifest = blobOf(
    IMAGE_MANIFEST,
    json({ schemaVersion: 2, mediaType: IMAGE_MANIFEST, config: descriptorOf(config), layers: [descriptorOf(layer)] }),
  )
  return { blobs: [config, layer], manifest }
}

/** The name by content of some bytes. */
export function digestOf(bytes: Uint8Array): Digest {
  return Digest.parse(`sha256:${createHash('sha256').update(bytes).digest('hex')}`)
}

function blobOf(mediaType: string, bytes: Buffer): Blob {
  return { digest: digestOf(bytes), mediaType, bytes }
}

function descriptorOf({ mediaType, digest, bytes }: Blob): object {
  return { mediaType, digest, size: bytes.length }
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

/** One regular file in POSIX ustar, without owner and time, so that the same content is the same bytes. */
function tarOf(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(TAR_BLOCK_BYTES)
  header.write(name, 0)
  header.write('0000755\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  header.write('        ', 148)
  header.write('0', 156)
  header.write('ustar\0', 257)
  header.write('00', 263)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  const padding = Buffer.alloc((TAR_BLOCK_BYTES - (content.length % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES)
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * TAR_BLOCK_BYTES)])
}
