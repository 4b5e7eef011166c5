/** A timestamp authority (RFC 3161): tokens over any bytes, at any time. */

import { generateKeyPairSync, sign } from 'node:crypto'
import {
  authorityUsage,
  basicConstraints,
  certificate,
  ECDSA_SHA256,
  extendedUsage,
  serialNumber,
  signatureUsage,
  TIME_STAMPING,
  toBeSigned,
} from './certificates.ts'
import { context, integer, name, octets, oid, sequence, set, time, type Der } from './der.ts'
import { sha256 } from './log.ts'

const SHA256 = sequence(oid('2.16.840.1.101.3.4.2.1'))
const TST_INFO = '1.2.840.113549.1.9.16.1.4'

export type StampOptions = {
  readonly at: Date
  readonly status?: number
  /** What the signer says to have signed. */
  readonly contentType?: string
  /** How many of the same signers there are. */
  readonly signers?: number
  /** With its certificates in it. */
  readonly isWhole?: boolean
}
export type Stamper = {
  /** Leaf first. */
  readonly chain: readonly Der[]
  stamp(bytes: Uint8Array, options: StampOptions): Der
}

export function createStamper(organisation: string, from: Date, until: Date, uses = [TIME_STAMPING]): Stamper {
  const [root, leaf] = [pair(), pair()]
  const [rootName, leafName] = [name(organisation, 'tsa root'), name(organisation, 'tsa')]
  const serial = serialNumber()
  const extensions = [basicConstraints(true), authorityUsage()]
  const span = { from, until, issuer: rootName, issuerKey: root.privateKey }
  const rootTbs = toBeSigned({ ...span, subject: rootName, subjectKey: root.publicKey, extensions }, serialNumber())
  const leafTbs = toBeSigned(
    { ...span, subject: leafName, subjectKey: leaf.publicKey, extensions: [signatureUsage(), extendedUsage(...uses)] },
    serial,
  )
  const chain = [certificate(leafTbs, root.privateKey), certificate(rootTbs, root.privateKey)]
  return {
    chain,
    stamp(bytes, { at, status = 0, contentType = TST_INFO, signers = 1, isWhole = false }) {
      const imprint = sequence(SHA256, octets(sha256(bytes)))
      const info = sequence(integer(1), oid('1.3.6.1.4.1.57264.2'), imprint, integer(1), time(at))
      const attribute = (id: string, value: Der): Der => sequence(oid(id), set(value))
      const attributes = [
        attribute('1.2.840.113549.1.9.3', oid(contentType)),
        attribute('1.2.840.113549.1.9.4', octets(sha256(info))),
      ]
      const signer = sequence(
        integer(1),
        sequence(rootName, integer(serial)),
        SHA256,
        context(0, ...attributes),
        ECDSA_SHA256,
        octets(sign('sha256', set(...attributes), leaf.privateKey)),
      )
      const signedData = sequence(
        integer(3),
        set(SHA256),
        sequence(oid(TST_INFO), context(0, octets(info))),
        ...(isWhole ? [context(0, ...chain)] : []),
        set(...Array.from({ length: signers }, () => signer)),
      )
      return sequence(sequence(integer(status)), sequence(oid('1.2.840.113549.1.7.2'), context(0, signedData)))
    },
  }
}

function pair(): ReturnType<typeof generateKeyPairSync> {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}
