/** `pull:` of a registry: its short forms, and what may not stand together. A cloud's credentials go to that cloud's registries alone. */

import { CLOUD_HOSTS, CLOUDS, isHostOf, isLoopbackHost, type Cloud } from '../domain/cloud-registries.ts'
import type { PullCredential } from '../domain/config.ts'
import type { Registry } from '../domain/image.ts'
import { quoted } from './expected.ts'
import { problemAt, type Path } from './problem.ts'
import type { RawRegistry } from './schema.ts'
import type { Report } from './shape.ts'
import { keyPlaceOf, type Tree } from './tree.ts'

type Reader = { readonly root: Tree; readonly report: Report }

/** `aws` is `aws: {}`. */
export function pullOf(raw: RawRegistry['pull']): PullCredential | undefined {
  switch (raw) {
    case 'aws':
      return { aws: {} }
    case 'google':
      return { google: {} }
    case 'azure':
      return { azure: {} }
    default:
      return raw
  }
}

export function checkPull(reader: Reader, entry: Path, pull: PullCredential, host: Registry): void {
  const path = [...entry, 'pull']
  const cloud = CLOUDS.find((one) => one in pull)
  if (cloud !== undefined) checkHost(reader, path, cloud, host)
  if ('aws' in pull) {
    const { role, externalId, keys, profile, region } = pull.aws
    const at = [...path, 'aws']
    if (externalId !== undefined && role === undefined)
      refuse(reader, [...at, 'externalId'], 'only a role demands one: write role: too')
    if (keys !== undefined && profile !== undefined)
      refuse(reader, [...at, 'profile'], 'expected either keys or a profile, found both')
    if (isLoopbackHost(host) && region === undefined)
      refuse(reader, [...at, 'region'], 'missing: the name of the registry does not say its region')
    if (region !== undefined && !isLoopbackHost(host))
      refuse(reader, [...at, 'region'], "the registry's name says its region already")
  }
  if ('azure' in pull && pull.azure.application !== undefined && pull.azure.identity !== undefined)
    refuse(reader, [...path, 'azure', 'identity'], 'expected either an application or an identity, found both')
}

function checkHost(reader: Reader, path: Path, cloud: Cloud, host: Registry): void {
  if (isHostOf(cloud, host) || isLoopbackHost(host)) return
  refuse(reader, path, `expected ${CLOUD_HOSTS[cloud]}; found ${quoted(host)}, which must not get its credentials`)
}

function refuse({ root, report }: Reader, path: Path, what: string): void {
  report(problemAt(keyPlaceOf(root, path), { reason: 'conflict', path, what }), path)
}
