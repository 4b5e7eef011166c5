/** The README's five minutes, line by line: a real registry, a real push, a real commit. Only ports, the folder and the image's source differ. */

import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { fencesOf } from '../helpers/fences.ts'
import { freePort } from '../helpers/service.ts'
import { hasProgram, writeImageLayout } from '../helpers/skopeo.ts'

const run = promisify(execFile)
const TIMEOUT_MS = 60_000
const HEADING = 'Five minutes with a real registry'
const LOOKS_MAX = 100

describe.skipIf(!hasProgram('docker-registry') || !hasProgram('skopeo'))('the README', () => {
  it(
    'gets from an empty folder to a commit',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'drayage-readme-'))
      const layout = join(folder, 'alpine')
      const digest = writeImageLayout(layout, 'alpine')
      const [ports, registry, api] = [await freePort(), await freePort(), await freePort()]
      const blocks = fencesOf(readFileSync('README.md', 'utf8'))
        .filter(({ heading, language }) => heading === HEADING && language === 'sh')
        .map(({ text }) =>
          text
            .replaceAll('/tmp/quickstart', join(folder, 'quickstart'))
            .replaceAll('127.0.0.1:5000', `127.0.0.1:${registry}`)
            .replaceAll('127.0.0.1:8080', `127.0.0.1:${ports}`)
            .replace('docker://docker.io/library/alpine:3', `oci:${layout}`)
            .replace('skopeo copy', 'skopeo --insecure-policy copy --preserve-digests')
            .replace(
              /^version: 1$/mu,
              `version: 1\nserver: { listen: '127.0.0.1:${ports}', api: { listen: '127.0.0.1:${api}' } }`,
            ),
        )
      const look = blocks.at(-1) ?? ''
      const script = [
        // Jobs in groups of their own, as in a shell that a person types into.
        'set -em',
        `trap 'for job in $(jobs -p); do kill -- -$job; done; wait' EXIT`,
        ...blocks.slice(0, -1),
        `for i in $(seq ${LOOKS_MAX}); do git -C gitops.git show main | grep -q sha256 && break; sleep 0.1; done`,
        look,
      ].join('\n')
      try {
        const { stdout } = await run('bash', ['-c', script], {
          timeout: TIMEOUT_MS,
          env: { PATH: process.env['PATH'], HOME: folder },
        })
        expect(stdout).toContain(`+    newTag: 1.1.0@${digest} # whatever runs today`)
        expect(stdout).toContain('shop/prod/')
        expect(stdout).toContain('verify-none')
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
    TIMEOUT_MS,
  )
})
