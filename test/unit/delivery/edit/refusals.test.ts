import { describe, expect, it } from 'vitest'
import { decodeFile, editImage, FILE_BYTES_MAX } from '../../../../src/delivery/edit/edit.ts'
import { aPinnedImage } from '../../../helpers/edit.ts'

const NAME = 'ghcr.io/acme/payments'
const DIGEST = `sha256:${'a'.repeat(64)}`
const image = aPinnedImage()

it.each([
  ['nothing of that name', 'image: nginx:1\n', 'image-missing'],
  ['only a comment about it', `# ${NAME}\nimage: nginx:1\n`, 'image-missing'],
  ['only other images of that last name', 'image: quay.io/other/payments:1\n', 'image-missing'],
  ['a chart repository of that name', `chart:\n  repository: oci://${NAME}\n  tag: v1\n`, 'image-missing'],
  ['it twice', `a: { image: ${NAME}:1 }\nb: { image: ${NAME}:1 }\n`, 'image-ambiguous'],
  ['it in two documents', `image: ${NAME}:1\n---\nimage: ${NAME}:1\n`, 'image-ambiguous'],
  ['it as a value and inside a block', `image: ${NAME}:1\nvalues: |\n  image: ${NAME}:1\n`, 'image-ambiguous'],
  [
    'a merged map with a tag of its own',
    `a: &a\n  repository: ${NAME}\n  tag: v1\nb:\n  <<: *a\n  tag: v2\n`,
    'image-ambiguous',
  ],
  ['a folded block', `image: >-\n  ${NAME}:1\n`, 'unsafe-edit'],
  ['a literal block', `image: |-\n  ${NAME}:1\n`, 'unsafe-edit'],
  ['a value of several lines', `image: ${NAME}\n  :1\n`, 'unsafe-edit'],
  ['a variable in it', `image: ${NAME}:\${TAG:-1}\n`, 'unsafe-edit'],
  ['a variable beside it', `image:\n  repository: ${NAME}\n  tag: \${TAG}\n`, 'unsafe-edit'],
  ['an encrypted tag', `image:\n  repository: ${NAME}\n  tag: ENC[AES256_GCM,data:xx]\n`, 'unsafe-edit'],
  ['a no-break space after it', `image: ${NAME}:1\u00a0# c\n`, 'unsafe-edit'],
  ['digests in two fields', `image:\n  repository: ${NAME}\n  tag: v1@${DIGEST}\n  digest: ${DIGEST}\n`, 'unsafe-edit'],
  [
    'a repository from a merged map, and no tag',
    `a: &a { repository: ${NAME} }\nimage:\n  <<: *a\n  digest: ""\n`,
    'unsafe-edit',
  ],
  [
    'an entry that renames it',
    `images:\n- name: ${NAME}\n  newName: mirror.example.com/payments\n  newTag: v1\n`,
    'unsafe-edit',
  ],
  ['duplicate keys', `image: ${NAME}:1\nimage: ${NAME}:2\n`, 'unparsable'],
  ['a tab as indentation', `spec:\n\timage: ${NAME}:1\n`, 'unparsable'],
  ['CR alone as line end', `a: 1\rimage: ${NAME}:1\r`, 'unparsable'],
  ['a template', `{{- if .x }}\nimage: ${NAME}:1\n{{- end }}\n`, 'unparsable'],
  ['an unknown alias', `a: *nowhere\nimage: ${NAME}:1\n`, 'unparsable'],
  ['an open bracket', `a: [\nimage: ${NAME}:1\n`, 'unparsable'],
])('refuses a file with %s', (_, text, reason) => {
  expect(editImage(text, { image }, {})).toMatchObject({ ok: false, error: { reason } })
})

it('lists the places with their lines, and the field that chooses each', () => {
  const edited = editImage(`a:\n- image: ${NAME}:1\nb:\n  x.y: { image: ${NAME}:2 }\n`, { image }, {})
  const detail = edited.ok ? '' : edited.error.detail
  expect(detail).toContain(`line 2 ${NAME}:1 (field a[0].image)`)
  expect(detail).toContain(`line 4 ${NAME}:2 (field b["x.y"].image)`)
})

it('says where a file stops being YAML', () => {
  expect(editImage(`a: 1\nimage: ${NAME}:1\nb: "\n`, { image }, {})).toMatchObject({
    ok: false,
    error: { reason: 'unparsable', line: 4 },
  })
})

it('names the images that are there instead', () => {
  const edited = editImage('# payments\nimage: nginx:1\n', { image }, {})
  expect(edited.ok ? '' : edited.error.detail).toContain('nginx')
})

describe('a shared value', () => {
  it.each([
    ['another image', `t: &t v1\na:\n  repository: ${NAME}\n  tag: *t\nb:\n  repository: other\n  tag: *t\n`],
    ['another image through a merge', `a: &a\n  repository: ${NAME}\n  tag: v1\nb:\n  <<: *a\n  repository: other\n`],
    ['a label', `version: &v v1\nimage:\n  repository: ${NAME}\n  tag: *v\n`],
    ['a label, with the anchor in the image', `image:\n  repository: ${NAME}\n  tag: &v v1\nlabels:\n  version: *v\n`],
  ])('is not edited where it is used for %s', (_, text) => {
    expect(editImage(text, { image }, {})).toMatchObject({ ok: false, error: { reason: 'unsafe-edit' } })
  })

  it('is edited where both uses are the same image', () => {
    const text = `a:\n  repository: ${NAME}\n  tag: &t v1\nb:\n  repository: ${NAME}\n  tag: *t\n`
    expect(editImage(text, { image }, {}).ok).toBe(true)
  })
})

describe('a wish to restore', () => {
  it('is refused where it names another repository', () => {
    const wish = { name: image, restore: 'evil.example.com/payments:1' }
    expect(editImage(`image: ${NAME}:1\n`, wish, {})).toMatchObject({ ok: false, error: { reason: 'unsafe-edit' } })
  })

  it('is refused where it would write more than a value', () => {
    const wish = { name: image, restore: `${NAME}:1\nprivileged: true` }
    expect(editImage(`image: ${NAME}:1\n`, wish, {})).toMatchObject({ ok: false, error: { reason: 'unsafe-edit' } })
  })
})

describe('limits', () => {
  const padded = (length: number): string => `image: ${NAME}:1\n#`.padEnd(length, 'x')
  const room = 100

  it.each([
    [FILE_BYTES_MAX - 1 - room, true],
    [FILE_BYTES_MAX - room, true],
    [FILE_BYTES_MAX + 1, false],
  ])('a file of %i bytes is edited: %s', (length, isEdited) => {
    const edited = editImage(padded(length), { image }, {})
    expect(edited.ok).toBe(isEdited)
  })

  it.each([
    [FILE_BYTES_MAX, true],
    [FILE_BYTES_MAX + 1, false],
  ])('a file of %i bytes is decoded: %s', (length, isDecoded) => {
    expect(decodeFile(new Uint8Array(length).fill(35)).ok).toBe(isDecoded)
  })

  it.each([
    [98, true],
    [99, true],
    [100, false],
  ])('a file of %i levels is edited: %s', (depth, isEdited) => {
    const text = `${'['.repeat(depth - 1)}{ image: ${NAME}:1 }${']'.repeat(depth - 1)}\n`
    expect(editImage(text, { image }, {}).ok).toBe(isEdited)
  })

  it.each([
    [99, true],
    [100, true],
    [101, false],
  ])('a file with %i aliases is edited: %s', (count, isEdited) => {
    const text = `a: &a 1\nb: [${Array.from({ length: count }, () => '*a').join(', ')}]\nimage: ${NAME}:1\n`
    expect(editImage(text, { image }, {}).ok).toBe(isEdited)
  })

  it('never expands aliases (billion laughs)', () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level}, `.repeat(9)}1]\n`,
    )
    const text = `l0: &l0 x\n${levels.join('')}image: ${NAME}:1\n`
    expect(editImage(text, { image }, {}).ok).toBe(true)
  })
})

describe('bytes', () => {
  it.each([
    ['a lone continuation byte', [0x61, 0x80]],
    ['UTF-16', [0xff, 0xfe, 0x61, 0x00]],
    ['an overlong slash', [0xc0, 0xaf]],
  ])('that are %s are refused', (_, bytes) => {
    expect(decodeFile(new Uint8Array(bytes))).toMatchObject({ ok: false, error: { reason: 'unparsable' } })
  })

  it('after a refused file are decoded as before', () => {
    decodeFile(new Uint8Array([0xe2, 0x82]))
    expect(decodeFile(new Uint8Array([0xac, 0x61])).ok).toBe(false)
    expect(decodeFile(new Uint8Array([0xef, 0xbb, 0xbf, 0x61]))).toEqual({ ok: true, value: '\ufeffa' })
  })
})
