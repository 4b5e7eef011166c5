/** How others accepted what they should not have: each has a test that is named by it, so that none is lost. */

import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const ROOT = new URL('../../..', import.meta.url).pathname
const OWN = 'known-cves.test.ts'
/** A title, or the row of a table: a comment names nothing. */
const COMMENT = /^\s*(?:\*|\/\*|\/\/)/u

const KNOWN: readonly (readonly [id: string, advisory: string, what: string])[] = [
  ['CVE-2022-23649', '', 'cosign: the log bundle of another signature'],
  [
    'CVE-2022-35929',
    'GHSA-vjxv-45g9-9296',
    'cosign: an attestation of another type satisfies the one that is asked for',
  ],
  ['CVE-2022-35930', '', 'policy-controller: an attestation where a signature is asked for'],
  ['CVE-2022-36056', 'GHSA-8gw7-4j42-w388', 'cosign: a bundle that is not tied to its signature, or to an identity'],
  ['CVE-2022-47633', '', 'Kyverno: the registry answers another thing the second time'],
  ['CVE-2023-33957', '', 'notation: endless signatures'],
  ['CVE-2023-33958', '', 'notation: endless signatures'],
  ['CVE-2023-33959', '', 'notation: another manifest than the one that was asked for'],
  ['CVE-2023-46737', '', 'cosign: endless attestations'],
  ['CVE-2024-23332', '', 'notation: an older, revoked or expired signature under a permissive policy'],
  ['CVE-2024-29902', '', 'cosign: an attachment without end'],
  ['CVE-2024-29903', '', 'cosign: manifests without end'],
  ['CVE-2024-45395', '', 'sigstore-go: a bundle with thousands of entries'],
  ['CVE-2025-25204', '', 'gh: success where no attestation has the type'],
  ['CVE-2025-27403', '', "Ratify: a registry's token for an attacker's host"],
  ['CVE-2025-29778', 'GHSA-46mp-8w32-6g94', 'Kyverno: patterns of subjects and issuers that nobody looked at'],
  ['CVE-2026-22703', 'GHSA-whqx-f9j3-ch6m', 'cosign: any valid log entry'],
  ['CVE-2026-22772', '', 'Fulcio: a pattern that is not anchored'],
  ['CVE-2026-24122', 'GHSA-wfqv-66vq-46rm', 'cosign: an intermediate that had expired'],
  ['CVE-2026-39395', '', 'cosign: success where the payload cannot be read'],
  ['CVE-2026-39984', '', 'timestamp-authority: a certificate of another purpose'],
  ['CVE-2026-44310', '', 'a verifier that panics, and ends with 0'],
  ['CVE-2026-48815', 'GHSA-52v5-jr5w-gjxr', 'sigstore-js: claims that are asked for and not looked at'],
  ['CVE-2026-48816', 'GHSA-xgjw-pm74-86q4', 'sigstore-js: the time of an entry without its promise'],
  ['CVE-2026-49834', '', 'a threshold that one log meets twice'],
  ['CVE-2026-54787', '', 'a time outside of the key’s validity'],
  ['kyverno#16664', '', 'a filter by artifact type that hides real signatures'],
]

const lines = globSync('test/**/*.test.ts', { cwd: ROOT })
  .filter((file) => !file.endsWith(OWN))
  .flatMap((file) => readFileSync(`${ROOT}${file}`, 'utf8').split('\n'))
  .filter((line) => !COMMENT.test(line))

it.each(KNOWN)('%s %s (%s) has a test that is named by it', (id) => {
  expect(lines.some((line) => /['"`]/u.test(line) && line.includes(id))).toBe(true)
})
