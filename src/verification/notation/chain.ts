/** The rules for chains of certificates. https://github.com/notaryproject/specifications/blob/main/specs/signature-specification.md#certificate-requirements */

import { PURPOSE, type Certificate } from './certificate.ts'
import { problem, type Problem } from './problem.ts'
import { algorithmOf, isIssuedBy, isKeyLongEnough } from './signature.ts'

/** What a signer's certificate must not be good for as well. */
const NOT_FOR_SIGNERS: readonly string[] = [
  PURPOSE.any,
  PURPOSE.serverAuth,
  PURPOSE.clientAuth,
  PURPOSE.emailProtection,
  PURPOSE.timeStamping,
  PURPOSE.ocspSigning,
]

/** From the signer to its root, each issued by the next. Whether the root is trusted is another question. */
export async function chainProblem(chain: readonly Certificate[]): Promise<Problem | null> {
  const [leaf] = chain
  if (leaf === undefined) return bad('there is no certificate')
  for (const [at, certificate] of chain.entries()) {
    const found = (await linkProblem(chain, at)) ?? certificateProblem(certificate)
    if (found !== null) return bad(`certificate ${at + 1} of ${chain.length}: ${found}`)
  }
  const found = chain.slice(1).reduce<string | null>((first, one, at) => first ?? authorityProblem(one, at), null)
  const leafFound = found ?? leafProblem(leaf) ?? signerProblem(leaf)
  return leafFound === null ? null : bad(leafFound)
}

/** The last issued itself; no other did, and each is issued by the one after it. Signed with SHA-1 or MD5, none is: `verifySigned` knows neither. */
async function linkProblem(chain: readonly Certificate[], at: number): Promise<string | null> {
  const certificate = chain[at]
  const issuer = chain[at + 1]
  if (certificate === undefined) return 'it is missing'
  const isRoot = await isIssuedBy(certificate, certificate)
  if (issuer === undefined) return isRoot ? null : 'the chain does not end in a root, which issues itself'
  if (isRoot) return 'it issued itself, and others follow'
  return (await isIssuedBy(certificate, issuer)) ? null : 'the next one did not issue it'
}

function certificateProblem(certificate: Certificate): string | null {
  const [unknown] = certificate.unknownCritical
  return unknown === undefined ? null : `its critical extension ${unknown} is not known`
}

/** `below`: how many authorities stand between it and the leaf. */
export function authorityProblem({ basicConstraints, keyUsage }: Certificate, below: number): string | null {
  if (basicConstraints?.ca !== true || !basicConstraints.critical) return 'an issuer is no certificate authority'
  if (basicConstraints.pathLength !== null && basicConstraints.pathLength < below) return 'the chain is too long for it'
  const mayIssue = keyUsage?.certificateSigning === true && keyUsage.critical
  return mayIssue ? null : 'an issuer may not sign certificates'
}

/** For signers and for timestamp authorities alike. */
export function leafProblem({ basicConstraints, keyUsage }: Certificate): string | null {
  if (basicConstraints?.ca === true) return "the signer's certificate is an authority's"
  if (keyUsage?.digitalSignature !== true || !keyUsage.critical)
    return "the signer's key may not sign (critical key usage)"
  const isMore = keyUsage.certificateSigning || keyUsage.listSigning || keyUsage.others
  return isMore ? "the signer's key may do more than sign" : null
}

function signerProblem(leaf: Certificate): string | null {
  const purposes = leaf.extendedKeyUsage?.purposes ?? []
  if (purposes.some((one) => NOT_FOR_SIGNERS.includes(one))) return "the signer's certificate is not for signing code"
  return algorithmOf(leaf) === null ? "the signer's key is of a kind or size that Notation does not allow" : null
}

/** RFC 3161, section 2.3: this purpose, critical, and no other. */
export function stamperProblem(leaf: Certificate): string | null {
  const { extendedKeyUsage } = leaf
  const isFor = extendedKeyUsage?.purposes.length === 1 && extendedKeyUsage.purposes[0] === PURPOSE.timeStamping
  if (!isFor || !extendedKeyUsage.critical) return 'its certificate is not for timestamps alone'
  return isKeyLongEnough(leaf) ? null : 'its key is too short'
}

/** Whether all were valid through that time. */
export function validityProblem(chain: readonly Certificate[], from: number, until = from): string | null {
  const at = chain.findIndex(({ notBefore, notAfter }) => from < notBefore || until > notAfter)
  const found = chain[at]
  if (found === undefined) return null
  const [start, end] = [found.notBefore, found.notAfter].map((time) => new Date(time).toISOString())
  return `certificate ${at + 1} of ${chain.length} is valid from ${start} to ${end}, not at ${new Date(from).toISOString()}`
}

function bad(detail: string): Problem {
  return problem('bad-certificate', detail)
}
