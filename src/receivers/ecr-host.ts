/** How ECR's events name what is in a registry of it. */

import { Region, type EcrPlace } from '../domain/ecr-place.ts'

export { Account, hostOf, placeOf, Region, suffixOf, type EcrPlace } from '../domain/ecr-place.ts'

export function isSamePlace(a: EcrPlace, b: EcrPlace): boolean {
  return a.account === b.account && a.region === b.region
}

const REPOSITORY_ARN =
  /^arn:aws[a-z-]*:ecr:(?<region>[a-z0-9-]{1,32}):(?<account>[0-9]{12}):repository\/(?<repository>[a-z0-9._/-]{1,256}?)(?:\/sha256:[^/]*)?$/u

/** What Inspector calls a repository, or an image in it. */
export function readRepositoryArn(arn: string): (EcrPlace & { readonly repository: string }) | null {
  const { region = '', account = '', repository = '' } = REPOSITORY_ARN.exec(arn)?.groups ?? {}
  return Region.safeParse(region).success ? { account, region, repository } : null
}
