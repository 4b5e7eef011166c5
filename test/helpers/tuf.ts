/** A TUF repository of four signed documents and one target, over HTTP on this machine. */

import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { json } from '@sigstore/core'

export type TufRepository = {
  readonly url: string
  /** The first root.json, as somebody has it by another way. */
  readonly root: string
  close(): Promise<void>
}
export type TufOptions = {
  readonly target: string
  readonly expires: Date
  /** What the server gives for the target, where that is not what was signed. */
  readonly served?: string
}

export async function startTuf({ target, expires, served = target }: TufOptions): Promise<TufRepository> {
  const keys = generateKeyPairSync('ed25519')
  const raw = keys.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex')
  const key = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: raw } }
  const keyid = createHash('sha256').update(json.canonicalize(key)).digest('hex')
  const common = { spec_version: '1.0.31', version: 1, expires: expires.toISOString().replace(/\.\d+/u, '') }
  const document = (signed: object): string => {
    const sig = sign(null, Buffer.from(json.canonicalize(signed)), keys.privateKey).toString('hex')
    return JSON.stringify({ signed, signatures: [{ keyid, sig }] })
  }
  const role = { keyids: [keyid], threshold: 1 }
  const roles = { root: role, timestamp: role, snapshot: role, targets: role }
  const root = document({ _type: 'root', ...common, consistent_snapshot: false, keys: { [keyid]: key }, roles })
  const sha256 = createHash('sha256').update(target).digest('hex')
  const targets = document({
    _type: 'targets',
    ...common,
    targets: { 'trusted_root.json': { length: Buffer.byteLength(target), hashes: { sha256 } } },
  })
  const snapshot = document({ _type: 'snapshot', ...common, meta: { 'targets.json': { version: 1 } } })
  const timestamp = document({ _type: 'timestamp', ...common, meta: { 'snapshot.json': { version: 1 } } })
  const files: Readonly<Record<string, string>> = {
    '/timestamp.json': timestamp,
    '/snapshot.json': snapshot,
    '/targets.json': targets,
    '/targets/trusted_root.json': served,
  }
  const server = createServer(({ url = '' }, response) => {
    const text = files[url]
    response.writeHead(text === undefined ? 404 : 200).end(text)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    root,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
