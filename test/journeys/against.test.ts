/** A change of the configuration, compared in a real repository, as CI does it. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { drayage } from '../helpers/drayage.ts'

const folder = mkdtempSync(join(tmpdir(), 'drayage-against-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'drayage.yaml')
const git = (...args: readonly string[]): void =>
  void execFileSync('git', ['-C', folder, '-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args])

function write(after: string): void {
  writeFileSync(
    join(folder, 'shop.yaml'),
    `subscriptions:
  shop:
    image: registry.example.com/acme/shop
    tags: { semver: ">=1" }
    verify: none
    stages:
      dev: { git: gitops, file: dev.yaml }
      prod: { ${after}git: gitops, file: prod.yaml }
`,
  )
}

it('exits 1 where a stage is weakened, 0 where it is not, and says what changes', async () => {
  git('init', '--quiet', '--initial-branch=main')
  writeFileSync(
    file,
    'version: 1\ninclude: [shop.yaml]\nregistries: { r: { host: registry.example.com } }\ngit: { gitops: { github: acme/gitops, token: env:T } }\n',
  )
  write('after: dev, ')
  git('add', '--all')
  git('commit', '--quiet', '--message', 'first')
  expect(await drayage(['check', file, '--against', 'main'])).toMatchObject({
    code: 0,
    stdout: 'nothing changes against main\n',
  })
  write('')
  const weaker = await drayage(['check', file, '--against', 'main'])
  expect(weaker.code).toBe(1)
  expect(weaker.stdout).toContain('WEAKENS changed shop/prod: no longer waits for dev')
  expect(await drayage(['check', file, '--against', 'nowhere'])).toMatchObject({ code: 1, stdout: '' })
})
