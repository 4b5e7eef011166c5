/** The signed attributes: which scheme, which times, which plug-in; and that nothing critical is passed over. */

import { err, ok, type Result } from '../../domain/result.ts'
import { timeOfInstant } from './cose.ts'
import type { Attribute, Envelope } from './envelope.ts'
import { timeOfText } from './jws.ts'
import { problem, type Problem } from './problem.ts'

const NAME = {
  scheme: 'io.cncf.notary.signingScheme',
  signingTime: 'io.cncf.notary.signingTime',
  authenticTime: 'io.cncf.notary.authenticSigningTime',
  expiry: 'io.cncf.notary.expiry',
  plugin: 'io.cncf.notary.verificationPlugin',
  pluginMinimum: 'io.cncf.notary.verificationPluginMinVersion',
} as const
/** What we do in place of AWS Signer's plug-in; its logic is of version 1. */
const AWS_PLUGIN = 'com.amazonaws.signer.notation.plugin'
const AWS_PLUGIN_MAJOR = 1
export const AWS = {
  profileVersion: 'com.amazonaws.signer.signingProfileVersion',
  job: 'com.amazonaws.signer.signingJob',
  alias: 'com.amazonaws.signer.signingProfileAlias',
} as const
const SEMVER = /^(?<major>0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})$/u

export type SignedAttributes = {
  readonly scheme: 'notary.x509' | 'notary.x509.signingAuthority'
  /** Proven by nobody under `notary.x509`; the signing authority's word under the other. */
  readonly signingTime: number
  readonly expiry: number | null
  /** AWS Signer's identity of the signer; null: a certificate's own. */
  readonly aws: { readonly profileVersion: string; readonly job: string; readonly alias: string | null } | null
}

export function readAttributes(envelope: Envelope): Result<SignedAttributes, Problem> {
  const { attributes, critical } = envelope
  const missing = critical.find((name) => !attributes.has(name))
  if (missing !== undefined) return refuse(`crit names ${missing}, which is not there`)
  if (new Set(critical).size !== critical.length) return refuse('crit names an attribute twice')
  const compulsory = [NAME.scheme, NAME.authenticTime, NAME.expiry, NAME.plugin, NAME.pluginMinimum]
  const uncritical = compulsory.find((name) => attributes.has(name) && !critical.includes(name))
  if (uncritical !== undefined) return refuse(`${uncritical} has to be critical`)
  const times = timesOf(envelope)
  if (!times.ok) return times
  const aws = awsOf(attributes)
  if (!aws.ok) return aws
  const understood: readonly string[] = aws.value === null ? compulsory : [...compulsory, ...Object.values(AWS)]
  const unknown = critical.find((name) => !understood.includes(name))
  if (unknown !== undefined) return err(problem('unsupported', `the critical attribute ${unknown} is not known`))
  return ok({ ...times.value, aws: aws.value })
}

function timesOf({ form, attributes }: Envelope): Result<Omit<SignedAttributes, 'aws'>, Problem> {
  const scheme = attributes.get(NAME.scheme)
  if (scheme !== 'notary.x509' && scheme !== 'notary.x509.signingAuthority') return refuse('no known signing scheme')
  const read = form === 'jws' ? timeOfText : timeOfInstant
  const [own, foreign] =
    scheme === 'notary.x509' ? [NAME.signingTime, NAME.authenticTime] : [NAME.authenticTime, NAME.signingTime]
  if (attributes.has(foreign)) return refuse(`${foreign} does not belong to the scheme ${scheme}`)
  const signingTime = read(attributes.get(own))
  if (signingTime === null) return refuse(`${own} is not a time`)
  const expiry = read(attributes.get(NAME.expiry))
  if (expiry === null && attributes.has(NAME.expiry)) return refuse(`${NAME.expiry} is not a time`)
  return ok({ scheme, signingTime, expiry })
}

/** Only AWS Signer's plug-in is known; what it checks is done by us. */
function awsOf(attributes: ReadonlyMap<string, Attribute>): Result<SignedAttributes['aws'], Problem> {
  const [plugin, minimum] = [attributes.get(NAME.plugin), attributes.get(NAME.pluginMinimum)]
  if (plugin === undefined && minimum === undefined) return ok(null)
  if (plugin !== AWS_PLUGIN) return err(problem('unsupported', `it needs the verification plug-in ${nameOf(plugin)}`))
  const major = typeof minimum === 'string' ? SEMVER.exec(minimum)?.groups?.['major'] : undefined
  if (minimum !== undefined && Number(major) > AWS_PLUGIN_MAJOR) {
    return err(problem('unsupported', `it needs the plug-in of AWS Signer in the version ${nameOf(minimum)}`))
  }
  if (minimum !== undefined && major === undefined) return refuse(`${NAME.pluginMinimum} is not a version`)
  const [profileVersion, job] = [attributes.get(AWS.profileVersion), attributes.get(AWS.job)]
  if (typeof profileVersion !== 'string' || typeof job !== 'string') return refuse('no signing profile or job')
  const alias = attributes.get(AWS.alias)
  if (alias !== undefined && typeof alias !== 'string') return refuse('the alias of the signing profile is not text')
  return ok({ profileVersion, job, alias: alias ?? null })
}

function nameOf(value: Attribute | undefined): string {
  return typeof value === 'string' ? value : 'without a name'
}

function refuse(detail: string): Result<never, Problem> {
  return err(problem('malformed', detail))
}
