/** Signatures a second, against the plain library and against the ECDSA that none can do without, for the same bundles in one run. */

import { sign, verify } from 'node:crypto'
import { bundleFromJSON } from '@sigstore/bundle'
import { TrustedRoot } from '@sigstore/protobuf-specs'
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify'
import { createSigstore, pair } from '../helpers/sigstore/instance.ts'
import { ask, SUBJECT } from '../helpers/sigstore/question.ts'
import { signBundle, statement, type SignOptions } from '../helpers/sigstore/signatures.ts'
import { verifySigstoreBundle } from '../../src/verification/sigstore/verify.ts'
import { medians, rate } from './rate.ts'
import type { BenchRow } from './row.ts'

const sigstore = createSigstore()
const root = JSON.parse(sigstore.trustedRoot()) as unknown

/** `signatures`: leaf, certificate log, what was signed; promise and checkpoint of a log, or its checkpoint and a timestamp. */
const subjects: readonly { readonly name: string; readonly options: SignOptions; readonly signatures: number }[] = [
  { name: 'Rekor v1', options: {}, signatures: 5 },
  { name: 'Rekor v2 and a timestamp', options: { log: 'v2' }, signatures: 5 },
]

export async function bench(): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = []
  for (const { name, options, signatures } of subjects) {
    const bytes = Buffer.from(JSON.stringify(signBundle(sigstore, statement(SUBJECT), options)))
    rows.push(...(await rowsOf(name, bytes, signatures)))
  }
  return rows
}

async function rowsOf(name: string, bytes: Buffer, signatures: number): Promise<readonly BenchRow[]> {
  const question = ask(sigstore)
  const material = toTrustMaterial(TrustedRoot.fromJSON(root))
  const library = (trusted: typeof material): unknown => {
    const bundle = bundleFromJSON(JSON.parse(bytes.toString('utf8')))
    return new Verifier(trusted).verify(toSignedEntity(bundle))
  }
  const ecdsa = rawEcdsa(signatures)
  const of = await medians([
    { name: 'ours', perSecond: () => rate(1, () => verifySigstoreBundle({ source: 'bench', bytes }, question)) },
    { name: 'library', perSecond: () => rate(1, async () => library(material)) },
    { name: 'fresh', perSecond: () => rate(1, async () => library(toTrustMaterial(TrustedRoot.fromJSON(root)))) },
    { name: 'ecdsa', perSecond: () => rate(1, async () => ecdsa()) },
  ])
  const fact = await verifySigstoreBundle({ source: 'bench', bytes }, question)
  if (fact.kind === 'rejected') throw new Error(fact.detail)
  const detail = `${Math.round(of('ours'))} : ${Math.round(of('library'))} /s (its root read each time: ${Math.round(of('fresh'))})`
  const raw = `${Math.round(of('ours'))} : ${Math.round(of('ecdsa'))} /s, ${signatures} signatures each`
  return [
    { name: `verify: ${name}, rate / @sigstore/verify`, ratio: of('ours') / of('library'), aim: '≥ 3', detail },
    { name: `verify: ${name}, rate / raw ECDSA`, ratio: of('ours') / of('ecdsa'), aim: '', detail: raw },
  ]
}

/** P-256 each time, by a key that is parsed already. */
function rawEcdsa(signatures: number): () => boolean {
  const { publicKey, privateKey } = pair()
  const data = Buffer.alloc(1_024, 1)
  const signature = sign('sha256', data, privateKey)
  return () => Array.from({ length: signatures }, () => verify('sha256', data, publicKey, signature)).every(Boolean)
}
