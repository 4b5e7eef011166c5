/**
 * Sigstore's public-good trusted root as `@sigstore/tuf` carries it (sigstore/root-signing, Apache-2.0): signed metadata, checked
 * by that library's release. Its TUF root says until when it may be used.
 */

import seeds from '@sigstore/tuf/seeds.json' with { type: 'json' }
import * as z from 'zod'
import { Json } from '../../domain/json.ts'
import { Buffer } from './platform.ts'

const seed = seeds['https://tuf-repo-cdn.sigstore.dev']
const Root = z.object({ signed: z.object({ expires: z.iso.datetime() }) })

/** Epoch milliseconds. */
export const PUBLIC_GOOD_EXPIRES: number = Date.parse(Json.pipe(Root).parse(text(seed['root.json'])).signed.expires)

export function publicGoodJson(): string {
  return text(seed.targets['trusted_root.json'])
}

function text(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8')
}
