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

it('compares a followed file with what it was, each together with the first part', async () => {
  const first = join(folder, 'first.yaml')
  writeFileSync(
    first,
    'version: 1\nserver: { config: { git: own, file: second.yaml } }\ngit: { own: { github: acme/own, token: env:OWN } }\nregistries: { r: { host: registry.example.com } }\nstages: { dev: {}, prod: { after: dev } }\n',
  )
  const second = (name: string): void =>
    writeFileSync(
      join(folder, 'second.yaml'),
      `version: 1
git: { gitops: { github: acme/gitops, token: env:T } }
subscriptions:
  shop:
    image: registry.example.com/acme/shop
    tags: { semver: ">=1" }
    verify: none
    stages: { dev: { git: gitops, file: dev.yaml }, ${name}: { git: gitops, file: prod.yaml } }
`,
    )
  second('prod')
  git('add', 'second.yaml')
  git('commit', '--quiet', '--message', 'second')
  const check = () => drayage(['check', join(folder, 'second.yaml'), '--first', first, '--against', 'main'])
  expect(await check()).toMatchObject({ code: 0, stdout: 'nothing changes against main\n' })
  second('live')
  const changed = await check()
  expect(changed.stdout).toContain('shop/live')
  expect(changed.stdout).toContain('shop/prod')
})
