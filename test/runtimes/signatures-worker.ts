/** A Worker that judges one vector: the files come with the request. */

import { outcomeOf, type Vector } from '../corpus/signatures/outcome.ts'
import { isCryptoRight } from '../../src/verification/sigstore/platform.ts'

type Order = { readonly vector: Vector; readonly files: Readonly<Record<string, string>> }

const wasRightAtStart = isCryptoRight()

export default {
  async fetch(request: Request): Promise<Response> {
    const { vector, files } = (await request.json()) satisfies unknown as Order
    const read = (file: string): Uint8Array => Uint8Array.from(atob(files[file] ?? ''), (one) => one.charCodeAt(0))
    return Response.json({ outcome: await outcomeOf(vector, read), wasRightAtStart })
  },
}
