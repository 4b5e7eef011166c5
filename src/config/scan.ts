/** `scan:` of a registry: a scanner is asked by the registry's own credentials, so both have to be of one kind. */

import type { PullCredential } from '../domain/config.ts'
import { placeOf } from '../domain/ecr-place.ts'
import type { Registry } from '../domain/image.ts'
import type { ScanSettings } from '../domain/scan-settings.ts'
import { problemAt, type Path } from './problem.ts'
import type { Report } from './shape.ts'
import { keyPlaceOf, type Tree } from './tree.ts'

type Reader = { readonly root: Tree; readonly report: Report }

export function checkScan(
  { root, report }: Reader,
  entry: Path,
  scan: ScanSettings,
  { host, pull }: { readonly host: Registry | null; readonly pull: PullCredential | undefined },
): void {
  const path = [...entry, 'scan']
  const what = host === null ? 'missing the host that is scanned: write host:' : problemOf(scan, host, pull)
  if (what !== null) report(problemAt(keyPlaceOf(root, path), { reason: 'conflict', path, what }), path)
}

function problemOf(scan: ScanSettings, host: Registry, pull: PullCredential | undefined): string | null {
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
