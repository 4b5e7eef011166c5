/** Accounts, regions and hosts of Amazon ECR in all partitions: events name the former, images the latter. */

import * as z from 'zod'
import { Registry } from './image.ts'

/** A string: an account may begin with a zero. */
export const Account = z.string().regex(/^[0-9]{12}$/u, 'expected an account of 12 digits')
export const Region = z
  .string()
  .max(32)
  .regex(/^[a-z]{2,4}(?:-[a-z]{2,16}){1,2}-[0-9]{1,2}$/u, 'expected a region, such as eu-west-1')

export type EcrPlace = { readonly account: string; readonly region: string }

/** By the region's first letters; elsewhere it is `amazonaws.com`, GovCloud included. */
const SUFFIXES: readonly (readonly [prefix: string, suffix: string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['us-iso-', 'c2s.ic.gov'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
  ['eusc-', 'amazonaws.eu'],
]
/** Of hosts that answer by IPv6 too: `<account>.dkr-ecr.<region>.on.aws`. */
const DUAL_STACK_SUFFIXES: readonly string[] = ['on.aws', 'on.amazonwebservices.com.cn']
const HOST =
  /^(?<account>[0-9]{12})\.dkr(?<service>\.ecr(?:-fips)?|-ecr(?:-fips)?)\.(?<region>[a-z0-9-]+)\.(?<suffix>[a-z0-9.-]+)$/u

/** What the services of a region are called behind their own name. */
export function suffixOf(region: string): string {
  return SUFFIXES.find(([prefix]) => region.startsWith(prefix))?.[1] ?? 'amazonaws.com'
}

export function hostOf({ account, region }: EcrPlace): Registry {
  return Registry.parse(`${account}.dkr.ecr.${region}.${suffixOf(region)}`)
}

/** Null where this is no private registry of ECR. */
export function placeOf(host: string): EcrPlace | null {
  const { account = '', service = '', region = '', suffix = '' } = HOST.exec(host)?.groups ?? {}
  const isSuffix = service.startsWith('-') ? DUAL_STACK_SUFFIXES.includes(suffix) : suffix === suffixOf(region)
  return isSuffix && Region.safeParse(region).success ? { account, region } : null
}
