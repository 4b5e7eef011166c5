/** `scan:` of a registry: a scanner is asked by the registry's own credentials, so both have to be of one kind. */

import { isLoopbackHost } from '../domain/cloud-registries.ts'
import type { RegistryConfig } from '../domain/config.ts'
import { placeOf } from '../domain/ecr-place.ts'
import type { Registry } from '../domain/image.ts'
import type { ScanSettings } from '../domain/scan-settings.ts'
import { problemAt, type Path } from './problem.ts'
import type { Report } from './shape.ts'
import { keyPlaceOf, type Tree } from './tree.ts'

type Reader = { readonly root: Tree; readonly report: Report }
type Read = Pick<RegistryConfig, 'host' | 'pull' | 'insecure'>

export function checkScan(
  { root, report }: Reader,
  entry: Path,
  scan: ScanSettings,
  { host, pull, insecure }: Read,
): void {
  const path = [...entry, 'scan']
  const what = host === null ? 'missing the host that is scanned: write host:' : problemOf(scan, host, pull)
  if (what !== null) report(problemAt(keyPlaceOf(root, path), { reason: 'conflict', path, what }), path)
  // As for the password of `pull:`, which is told where it stands.
  if (!hasToken(scan) || !insecure || host === null || isLoopbackHost(host)) return
  const said = `the token for ${host} crosses the network unencrypted`
  report(problemAt(keyPlaceOf(root, path), { severity: 'warning', reason: 'unencrypted', path, what: said }), path)
}

function hasToken(scan: ScanSettings): boolean {
  return typeof scan === 'object' && 'quay' in scan
}

function problemOf(scan: ScanSettings, host: Registry, pull: RegistryConfig['pull']): string | null {
  const hasPull = (kind: string): boolean => pull !== undefined && kind in pull
  if (scan === 'ecr' || scan === 'inspector2') {
    if (placeOf(host) === null) return 'it scans private registries of ECR only'
    return hasPull('aws') ? null : 'it is asked by the keys of pull: aws, which is missing'
  }
  if (scan === 'harbor' || scan === 'quay') return null
  if ('artifact-analysis' in scan) {
    return hasPull('google') ? null : 'it is asked by the account of pull: google, which is missing'
  }
  if ('defender' in scan)
    return hasPull('azure') ? null : 'it is asked by the identity of pull: azure, which is missing'
  return null
}
