/** Commands that the docs show with their output are run, word by word: `$ …`, then what it prints. `…` stands for anything. */

import { execFile } from 'node:child_process'
import { chmodSync, cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fencesOf } from '../helpers/fences.ts'
import { hasProgram } from '../helpers/skopeo.ts'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname
const TIMEOUT_MS = 30_000

type Shown = { readonly file: string; readonly command: string; readonly output: string }

const shown: readonly Shown[] = ['README.md', ...globSync('docs/*.md').toSorted()].flatMap((file) =>
  fencesOf(readFileSync(file, 'utf8'))
    .filter(({ language }) => language === 'console')
    .flatMap(({ text }) => text.split(/^\$ /mu).slice(1))
    .map((part) => {
      const end = part.indexOf('\n')
      return { file, command: part.slice(0, end), output: part.slice(end + 1) }
    }),
)

let folder: string

/** With the examples beside it, and `drayage` in PATH. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-docs-'))
  cpSync('test/examples', folder, { recursive: true })
  writeFileSync(join(folder, 'drayage'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`)
  chmodSync(join(folder, 'drayage'), 0o755)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('finds commands with their output', () => {
  expect(shown.map(({ command }) => command)).toContain('drayage --version')
})

it.each(shown)(
  '$file: $command',
  async ({ command, output }) => {
    const words = output.split('…').map((text) => text.replaceAll(/[$()*+.?[\\\]^{|}]/gu, String.raw`\$&`))
    expect(await outputOf(command)).toMatch(new RegExp(`^${words.join('[^]*?')}$`, 'u'))
  },
  TIMEOUT_MS,
)

/** Whatever the exit code: a refusal is shown too. */
function outputOf(command: string): Promise<string> {
  const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}` }
  return new Promise((resolve) => {
    execFile('bash', ['-c', command], { cwd: folder, env }, (_error, stdout) => resolve(stdout))
  })
}

it('signs a webhook from a shell as docs/receivers.md says', async () => {
  const fences = fencesOf(readFileSync('docs/receivers.md', 'utf8'))
  const script =
    fences.find(({ heading, language }) => heading.startsWith('`webhook`') && language === 'sh')?.text ?? ''
  const secret = `whsec_${Buffer.alloc(32, 'key').toString('base64')}`
  writeFileSync(
    join(folder, 'ci.yaml'),
    'version: 1\nregistries: { ci: { events: { type: webhook, secret: env:CI_HOOK } } }\n',
  )
  // In place of the network: the same headers and body, on the receiver.
  const curl = `curl() { while [ $# -gt 0 ]; do case $1 in
    --header) headers+=(--header "$2"); shift;; --data-raw) data=$2; shift;; esac; shift; done
    printf %s "$data" | drayage receive webhook --config ci.yaml --json "\${headers[@]}"; }`
  const answer = await outputOf(`export CI_HOOK=${secret}\n${curl}\n${script}`)
  expect(JSON.parse(answer)).toMatchObject({ outcome: 'events', events: [{ registry: 'ghcr.io', tag: '1.4.2' }] })
})

it.skipIf(!hasProgram('systemd-analyze'))('has a systemd unit that systemd understands', async () => {
  const unit = new URL('../../infra/systemd/drayage.service', import.meta.url).pathname
  expect(await outputOf(`systemd-analyze verify '${unit}' 2>&1; echo $?`)).toBe('0\n')
})
