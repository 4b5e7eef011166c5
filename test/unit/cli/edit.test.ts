import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Io } from '../../../src/cli/command.ts'
import { command } from '../../../src/cli/edit.ts'

const DIGEST = `sha256:${'d'.repeat(64)}`
const IMAGE = `ghcr.io/acme/web:1.5.0@${DIGEST}`
const VALUES = 'image:\r\n  repository: ghcr.io/acme/web\r\n  tag: "1.4.2" # the release\r\n'
const EDITED = VALUES.replace('1.4.2', `1.5.0@${DIGEST}`)

function folder(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'drayage-edit-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}

async function run(args: readonly string[], isTTY = false): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  let err = ''
  const io: Io = {
    stdin: async () => new Uint8Array(),
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    env: {},
    isTTY,
    now: () => 0,
    signal: new AbortController().signal,
  }
  return { code: await command.run(args, io), out, err }
}

it('shows a diff and writes nothing', async () => {
  const file = join(folder({ 'values.yaml': VALUES }), 'values.yaml')
  const { code, out, err } = await run(['--image', IMAGE, file])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toContain(`-  tag: "1.4.2" # the release\r\n+  tag: "1.5.0@${DIGEST}" # the release\r\n`)
  expect(readFileSync(file, 'utf8')).toBe(VALUES)
})

it('writes the file where asked to, and then has nothing to show', async () => {
  const file = join(folder({ 'values.yaml': VALUES }), 'values.yaml')
  expect((await run(['--image', IMAGE, '--write', file])).code).toBe(0)
  expect(readFileSync(file, 'utf8')).toBe(EDITED)
  expect(await run(['--image', IMAGE, '--write', file])).toEqual({ code: 0, out: '', err: '' })
})

it('prints what git applies to the same bytes', async () => {
  const root = folder({ 'deploy/values.yaml': VALUES, 'a.yaml': 'image: ghcr.io/acme/web:1' })
  const [a, b] = [join(root, 'a.yaml'), join(root, 'deploy/values.yaml')]
  const { out } = await run(['--image', IMAGE, a, b])
  const patch = out
    .replaceAll(`${root.slice(1)}/`, '')
    .replaceAll(`${root}/`, '')
    .replaceAll(/ ([ab])\/\//gu, ' $1/')
  execFileSync('git', ['apply', '--whitespace=nowarn', '-'], { cwd: root, input: patch })
  expect(readFileSync(b, 'utf8')).toBe(EDITED)
  expect(readFileSync(a, 'utf8')).toBe(`image: ${IMAGE}`)
})

it.each([
  ['no image', ['values.yaml']],
  ['a tag alone', ['--image', 'ghcr.io/acme/web:1.5.0', 'values.yaml']],
  ['a digest alone', ['--image', `ghcr.io/acme/web@${DIGEST}`, 'values.yaml']],
  ['a malformed image', ['--image', 'GHCR.io/Acme:x y', 'values.yaml']],
  ['no file', ['--image', IMAGE]],
  ['--create without a field', ['--image', IMAGE, '--create', 'values.yaml']],
  ['a field and a marker', ['--image', IMAGE, '--field', 'a', '--marker', 'b:c', 'values.yaml']],
])('calls %s a misuse', async (_, args) => {
  const { code, out, err } = await run(args)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain('drayage edit --help')
})

it.each([
  [
    'holds the image twice',
    'x.yaml',
    'a: { image: ghcr.io/acme/web:1 }\nb: { image: ghcr.io/acme/web:1 }\n',
    'image-ambiguous',
  ],
  ['does not hold it', 'x.yaml', 'image: nginx:1\n', 'image-missing'],
  ['is no YAML', 'x.yaml', 'image: ghcr.io/acme/web:1\n  x: "\n', 'unparsable'],
  ['is a workflow', '.github/workflows/x.yaml', VALUES, 'path-refused'],
  ['is a workflow in other letters', '.GitHub/x.yaml', VALUES, 'path-refused'],
  ['belongs to git', '.git/config.yaml', VALUES, 'path-refused'],
])('refuses a file that %s', async (_, name, text, reason) => {
  const file = join(folder({ [name]: text }), name)
  const { code, out, err } = await run(['--image', IMAGE, '--write', file])
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toContain(`: ${reason}: `)
  expect(readFileSync(file, 'utf8')).toBe(text)
})

it.each([
  ['a symbolic link', (root: string) => join(root, 'link.yaml')],
  ['a path that goes up', (root: string) => `${root}/deploy/../values.yaml`],
  ['a folder', (root: string) => root],
  ['nothing', (root: string) => join(root, 'absent.yaml')],
])('refuses %s', async (_, path) => {
  const root = folder({ 'values.yaml': VALUES, 'deploy/x': '' })
  symlinkSync('values.yaml', join(root, 'link.yaml'))
  const { code, err } = await run(['--image', IMAGE, '--write', path(root)])
  expect(code).toBe(1)
  expect(err).toContain('path-refused')
  expect(readFileSync(join(root, 'values.yaml'), 'utf8')).toBe(VALUES)
})

it('edits the files that hold the image, and is silent about the others', async () => {
  const root = folder({ 'values.yaml': VALUES, 'other.yaml': 'image: nginx:1\n' })
  const { code, out, err } = await run(['--image', IMAGE, join(root, 'other.yaml'), join(root, 'values.yaml')])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).not.toContain('other.yaml')
})

it('says so where no file holds it', async () => {
  const root = folder({ 'a.yaml': 'image: nginx:1\n', 'b.yaml': 'image: nginx:1\n' })
  const { code, err } = await run(['--image', IMAGE, join(root, 'a.yaml'), join(root, 'b.yaml')])
  expect(code).toBe(1)
  expect(err.trimEnd().split('\n')).toHaveLength(2)
})

it('fails where one of several files is refused, and still shows the rest', async () => {
  const root = folder({ 'values.yaml': VALUES, 'bad.yaml': 'image: ghcr.io/acme/web:1\n\t- x\n' })
  const { code, out, err } = await run(['--image', IMAGE, join(root, 'bad.yaml'), join(root, 'values.yaml')])
  expect(code).toBe(1)
  expect(out).toContain('values.yaml')
  expect(err).toMatch(/bad\.yaml:\d+:\d+: unparsable: /u)
})

it('chooses by field and by marker', async () => {
  const text = 'a: { image: ghcr.io/acme/web:1 }\nb: ghcr.io/acme/web:1 # {"$imagepolicy": "apps:web"}\n'
  const file = join(folder({ 'x.yaml': text }), 'x.yaml')
  expect((await run(['--image', IMAGE, '--field', 'a.image', file])).out).toContain('+a: {')
  expect((await run(['--image', IMAGE, '--marker', 'apps:web', file])).out).toContain('+b: ')
})

it('adds a field only where asked to', async () => {
  const file = join(folder({ 'x.yaml': '# ours\n' }), 'x.yaml')
  expect((await run(['--image', IMAGE, '--field', 'image.tag', file])).code).toBe(1)
  const { code, out } = await run(['--image', IMAGE, '--field', 'image.tag', '--create', file])
  expect(code).toBe(0)
  expect(out).toContain(`+image:\n+  tag: 1.5.0@${DIGEST}\n`)
})

it('answers machines in JSON', async () => {
  const root = folder({ 'values.yaml': VALUES, 'bad.yaml': 'image: ghcr.io/acme/web:1\n\t- x\n' })
  const { code, out } = await run(['--image', IMAGE, '--json', join(root, 'values.yaml'), join(root, 'bad.yaml')])
  expect(code).toBe(1)
  expect(JSON.parse(out)).toMatchObject({
    files: [
      { status: 'changed', found: 'ghcr.io/acme/web:1.4.2', now: IMAGE, changes: [{ path: 'image.tag', line: 3 }] },
      { status: 'refused', reason: 'unparsable', line: 2 },
    ],
  })
})

it('shows no control characters of a file on a terminal', async () => {
  const file = join(folder({ 'x.yaml': '# \u001b[2J\u202e\nimage: ghcr.io/acme/web:1\n' }), 'x.yaml')
  const { out } = await run(['--image', IMAGE, file], true)
  expect(out).toContain('u{1b}')
  expect(out).not.toMatch(/[\u001b\u202e]/u)
})
