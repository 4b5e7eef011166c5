/** What stands in infra/ for registries and CI systems is tried: by a shell, with the service at the other end. */

import { execFile } from 'node:child_process'
import { chmodSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { CI_JOBS } from '../../src/cli/init/ci.ts'
import { recipes } from '../../src/cli/init/recipes.ts'
import { hasProgram } from '../helpers/skopeo.ts'
import { startService, type Service } from '../helpers/service.ts'

const TIMEOUT_MS = 60_000
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-set-up-'))
  return () => rmSync(folder, { recursive: true, force: true })
})

type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string }

function sh(script: string, env: Readonly<Record<string, string>>): Promise<Ran> {
  return new Promise((resolve) => {
    const place = { cwd: folder, env: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, ...env } }
    execFile('sh', ['-c', script], place, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

/** In place of programs that would reach the network: says what it was given, and takes its input as JSON. */
function stub(program: string): void {
  const text = `#!/bin/sh\nprintf '%s\\n' "$*" >> calls\ncase "$*" in *@-*|*--input*) cat >> body;; esac\n`
  writeFileSync(join(folder, program), text)
  chmodSync(join(folder, program), 0o755)
}

const types = [...recipes.keys()]

describe.each(types)('infra/%s/set-up.sh', (type) => {
  const script = readFileSync(`infra/${type}/set-up.sh`, 'utf8')
  const variable = `${type.toUpperCase()}_HOOK`
  const hasSecret = recipes.get(type)?.hasSecret !== false
  const env = { HOOK_URL: `https://drayage.acme.example/hooks/${type}`, [variable]: 'S3CRET' }
  const tokens = { HARBOR_USER: 'u', QUAY_TOKEN: 't', JFROG_TOKEN: 't', GITEA_TOKEN: 't', MSR_USER: 'u' }

  it('gives the registry the address and the secret', async () => {
    for (const program of ['curl', 'gh', 'aws', 'az', 'gcloud']) stub(program)
    const ran = await sh(script, { ...env, ...tokens })
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    const [calls = '', body = ''] = ['calls', 'body'].map((file) =>
      globSync(file, { cwd: folder }).length > 0 ? readFileSync(join(folder, file), 'utf8') : '',
    )
    const said = calls + body + ran.stdout
    expect(said).toContain(env.HOOK_URL)
    if (body !== '') expect(() => JSON.parse(body) as unknown).not.toThrow()
    if (hasSecret && type !== 'webhook') expect(said).toContain('S3CRET')
  })

  it('stops where the address or the secret is missing', async () => {
    for (const missing of hasSecret ? ['HOOK_URL', variable] : ['HOOK_URL']) {
      const ran = await sh(script, { ...env, [missing]: '' })
      expect(ran.code).not.toBe(0)
      expect(ran.stderr).toContain(missing)
    }
  })
})

it.skipIf(!hasProgram('cfn-lint'))('has a CloudFormation template without complaints (needs cfn-lint)', async () => {
  const template = join(process.cwd(), 'infra/ecr/api-destination.yml')
  expect(await sh(`cfn-lint '${template}'`, { HOME: process.env['HOME'] ?? '' })).toMatchObject({ code: 0, stdout: '' })
})

it.skipIf(!hasProgram('terraform'))('has Terraform in its own form (needs terraform)', async () => {
  const folders = ['acr', 'ecr', 'gcr'].map((name) => join(process.cwd(), 'infra', name))
  for (const one of folders)
    expect(await sh(`terraform fmt -check -diff '${one}'`, {})).toMatchObject({ code: 0, stdout: '' })
})

it('prints the page that creates the GitHub App', async () => {
  const page = await sh(`sh ${process.cwd()}/infra/github/create-app.sh acme`, {})
  expect(page).toMatchObject({ code: 0, stdout: expect.stringContaining('organizations/acme/settings/apps/new') })
  const value = /name="manifest" value="(?<value>[^"]*)"/u.exec(page.stdout)?.groups?.['value'] ?? ''
  expect(JSON.parse(value.replaceAll('&quot;', '"').replaceAll('&amp;', '&'))).toMatchObject({
    default_events: ['registry_package'],
    default_permissions: { contents: 'write', pull_requests: 'write' },
  })
  expect((await sh(`sh ${process.cwd()}/infra/github/create-app.sh 'a/b"'`, {})).code).not.toBe(0)
})

it('gives a GitOps repository the address and the secret', async () => {
  stub('gh')
  const script = `sh ${process.cwd()}/infra/github/webhook.sh`
  const env = { HOOK_URL: 'https://drayage.acme.example/hooks/git/gitops', GITHUB_HOOK: 'S3CRET' }
  expect(await sh(`${script} acme/gitops`, env)).toMatchObject({ code: 0, stderr: '' })
  expect(readFileSync(join(folder, 'calls'), 'utf8')).toContain('repos/acme/gitops/hooks')
  const body: unknown = JSON.parse(readFileSync(join(folder, 'body'), 'utf8'))
  expect(body).toMatchObject({ config: { url: env.HOOK_URL, secret: 'S3CRET' } })
  for (const missing of ['HOOK_URL', 'GITHUB_HOOK']) {
    expect((await sh(`${script} acme/gitops`, { ...env, [missing]: '' })).stderr).toContain(missing)
  }
  expect((await sh(`${script} 'acme/x"; rm'`, env)).code).not.toBe(0)
})

/** The shell part of a job, as its CI system would run it. */
function shellOf(system: string, text: string): string {
  if (system === 'jenkins')
    return /'''\n(?<shell>[\s\S]*?)'''/u.exec(text)?.groups?.['shell']?.replaceAll('\\\\', '\\') ?? ''
  const job: unknown = parse(text)
  const shells: string[] = []
  const look = (node: unknown): void => {
    if (typeof node === 'string' && node.includes('webhook-signature')) shells.push(node)
    else if (typeof node === 'object' && node !== null) Object.values(node).forEach(look)
  }
  look(job)
  expect(shells).toHaveLength(1)
  return shells[0] ?? ''
}

const canSend = hasProgram('curl') && hasProgram('openssl') && hasProgram('od')

describe.skipIf(!canSend)('a job in CI (needs curl, openssl, od)', () => {
  const secret = `whsec_${Buffer.alloc(32, 'key').toString('base64')}`
  let service: Service

  beforeAll(async () => {
    const yaml = 'registries: { ci: { events: { type: webhook, secret: env:CI_HOOK } } }'
    service = await startService({ yaml, env: { CI_HOOK: secret } })
  }, TIMEOUT_MS)
  afterAll(() => service.remove())

  it.each(Object.keys(CI_JOBS))(
    'of %s sends an event that the service takes, as the file in infra/ci says',
    async (system) => {
      const text = readFileSync(`infra/ci/${CI_JOBS[system]?.file ?? ''}`, 'utf8')
      const env = { DRAYAGE_HOOK_URL: `${service.hooks}/hooks/ci`, CIRCLE_TAG: '1.4.2' }
      const image = system === 'circleci' ? 'ghcr.io/acme/payments' : 'ghcr.io/acme/payments:1.4.2'
      const shell = shellOf(system, text)
      const sent = await sh(shell, { ...env, IMAGE: image, DRAYAGE_HOOK: secret })
      expect(sent).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('"outcome":"stored"') })
      const wrong = await sh(shell, { ...env, IMAGE: image, DRAYAGE_HOOK: `whsec_${btoa('x'.repeat(32))}` })
      expect(wrong.code).not.toBe(0)
      expect(wrong.stderr).toContain('401')
    },
    TIMEOUT_MS,
  )
})
