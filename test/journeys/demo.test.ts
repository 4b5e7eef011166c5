/** `drayage demo` where it cannot work. */

import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname

it('ends with 1 and the reason where its service cannot start', () => {
  const env = { PATH: process.env['PATH'], TMPDIR: '/proc/nowhere' }
  const ended = spawnSync(process.execPath, [MAIN, 'demo', '--once'], { env, encoding: 'utf8', timeout: 60_000 })
  expect([ended.signal, ended.status]).toEqual([null, 1])
  expect(ended.stderr).toMatch(/\/proc\/nowhere/u)
})
