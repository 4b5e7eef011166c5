import { describe, expect, it } from 'vitest'
import { addImage, editImage, setField } from '../../../../src/delivery/edit/edit.ts'
import { formatField, parseField } from '../../../../src/delivery/edit/field.ts'
import { parseFieldPath } from '../../../../src/domain/field-path.ts'
import { aPinnedImage } from '../../../helpers/edit.ts'

const NEW = `sha256:${'d'.repeat(64)}`
const NAME = 'ghcr.io/acme/payments'
const image = aPinnedImage()

describe('parseField', () => {
  it.each(['a', 'a.b[0].c', 'a["b.c"]', 'spec.containers[12].image', 'a[0][1]', '["x y"].z', 'a.0'])(
    'reads %s as the configuration does',
    (text) => {
      const [ours, theirs] = [parseField(text), parseFieldPath(text)]
      const steps = ours.ok
        ? ours.value.steps.map((step) => (step.kind === 'index' ? Number(step.text) : step.text))
        : []
      expect(steps).toEqual(theirs.ok ? theirs.value : null)
    },
  )

  it.each([
    '',
    '.a',
    'a.',
    'a..b',
    'a[x]',
    'a[',
    'a]',
    'a["b',
    'a[0]b',
    '(0).a',
    `a${'.b'.repeat(64)}`,
    'a'.repeat(1025),
  ])('refuses %s', (text) => expect(parseField(text).ok).toBe(false))

  it.each([
    [['a', 'b.c', 0, 'd"e'], null, String.raw`a["b.c"][0]["d\"e"]`],
    [['0', 'x'], 2, '(2).["0"].x'],
  ] as const)('reads back what it formats: %j', (path, document, text) => {
    expect(formatField(path, document)).toBe(text)
    const field = parseField(text)
    expect(field.ok && field.value.document).toBe(document)
    expect(field.ok && field.value.steps.map((step) => step.text)).toEqual(path.map(String))
  })
})

describe('editImage with a field', () => {
  it.each([
    [
      'a reference',
      'spec.containers[1].image',
      `spec: { containers: [{ image: ${NAME}:1 }, { image: ${NAME}:2 }] }\n`,
      `{ image: ${NAME}:1.5.0@${NEW} }] }\n`,
    ],
    ['a tag beside its repository', 'image.tag', `image: { repository: ${NAME}, tag: v1 }\n`, `tag: 1.5.0@${NEW} }\n`],
    ['the map of both', 'image', `image: { repository: ${NAME}, tag: v1 }\n`, `tag: 1.5.0@${NEW} }\n`],
    [
      'a tag whose registry stands elsewhere',
      'image.tag',
      `image: { repository: acme/payments, tag: v1 }\n`,
      `tag: 1.5.0@${NEW} }\n`,
    ],
    ['a tag alone, whatever its name', 'app.version', `app:\n  version: v1 # x\n`, `  version: 1.5.0@${NEW} # x\n`],
    [
      'a tag alone, with a digest beside it',
      'app.version',
      `app:\n  version: v1\n  digest: ''\n`,
      `  version: 1.5.0\n  digest: '${NEW}'\n`,
    ],
    [
      'a tag that is missing beside its repository',
      'image.tag',
      `image:\n  repository: ${NAME}\n`,
      `  tag: '1.5.0@${NEW}'\n`,
    ],
    ['a kustomization entry', 'images[0].newTag', `images:\n- name: ${NAME}\n  newTag: v1\n`, `newTag: 1.5.0@${NEW}\n`],
    [
      'an entry that renames it',
      'images[0].newTag',
      `images:\n- name: ${NAME}\n  newName: mirror.example.com/payments\n  newTag: v1\n`,
      `newTag: 1.5.0@${NEW}\n`,
    ],
    [
      'an Argo CD parameter',
      'helm.parameters[0].value',
      `helm:\n  parameters:\n  - name: image.tag\n    value: "v1"\n`,
      `value: "1.5.0@${NEW}"\n`,
    ],
    [
      'a field inside a block',
      'helm.values.image.tag',
      `helm:\n  values: |\n    image:\n      tag: v1\n`,
      `      tag: 1.5.0@${NEW}\n`,
    ],
    ['a key with dots', 'image.tag', `image.tag: v1\n`, `image.tag: 1.5.0@${NEW}\n`],
    ['a quoted key with dots', 'data["image.tag"]', `data: { image.tag: v1 }\n`, `image.tag: 1.5.0@${NEW} }\n`],
    ['a number as key', 'a.0.image', `a:\n  0:\n    image: ${NAME}:1\n`, `    image: ${NAME}:1.5.0@${NEW}\n`],
    [
      'a map behind an alias',
      'b.image',
      `a: &a { image: ${NAME}:1 }\nb: *a\n`,
      `a: &a { image: ${NAME}:1.5.0@${NEW} }\nb: *a\n`,
    ],
    [
      'the second document',
      '(2).image',
      `image: ${NAME}:1\n---\nimage: ${NAME}:1\n`,
      `image: ${NAME}:1\n---\nimage: ${NAME}:1.5.0@${NEW}\n`,
    ],
    [
      'the only document that has it',
      'spec.image',
      `kind: x\n---\nspec: { image: ${NAME}:1 }\n`,
      `spec: { image: ${NAME}:1.5.0@${NEW} }\n`,
    ],
  ])('edits %s', (_, field, before, end) => {
    const edited = editImage(before, { image }, { field })
    expect(edited).toMatchObject({ ok: true, value: { text: expect.stringContaining(end) } })
    const { text, found } = edited.ok ? edited.value : expect.fail()
    expect(editImage(text, { name: image, restore: found }, { field })).toMatchObject({
      ok: true,
      value: { text: before },
    })
  })

  it.each([
    ['another image', 'image', 'image: nginx:1\n', 'unsafe-edit'],
    ['a tag of another image', 'image.tag', 'image: { repository: other, tag: v1 }\n', 'unsafe-edit'],
    ['an image without a name', 'image', 'image: ""\n', 'unsafe-edit'],
    ['a sentence', 'note', 'note: not a tag\n', 'unsafe-edit'],
    ['a variable', 'tag', 'tag: ${TAG}\n', 'unsafe-edit'],
    ['a digest without a tag beside it', 'digest', `digest: ${NEW}\nx: 1\n`, 'unsafe-edit'],
    ['a block', 'tag', 'tag: |\n  v1\n', 'unsafe-edit'],
    ['a value used elsewhere', 'a.tag', 'version: &v v1\na: { tag: *v }\n', 'unsafe-edit'],
    ['a list', 'tags', 'tags: [v1]\n', 'image-missing'],
    ['nothing', 'image.version', 'image: { repository: x, tag: v1 }\n', 'image-missing'],
    ['a key in a list', 'a.tag', 'a: [{ tag: v1 }]\n', 'image-missing'],
    ['a number in a map', 'a[0]', 'a: { tag: v1 }\n', 'image-missing'],
    ['a number beyond a list', 'a[1]', 'a: [v1]\n', 'image-missing'],
    ['a value below a value', 'a.b.c', 'a: { b: v1 }\n', 'image-missing'],
    ['an empty file', 'a', '# nothing\n', 'image-missing'],
    ['two documents at once', 'tag', 'tag: v1\n---\ntag: v2\n', 'image-ambiguous'],
  ])('refuses %s', (_, field, text, reason) => {
    expect(editImage(text, { image }, { field })).toMatchObject({ ok: false, error: { reason } })
  })

  it('tries each map once, however many aliases lead to it', () => {
    const text = 'a: &a\n  a: &b { x: 1 }\n  a.a: *b\n  a.a.a: *b\n'
    expect(editImage(text, { image }, { field: Array.from({ length: 60 }, () => 'a').join('.') }).ok).toBe(false)
  })
})

describe('setField', () => {
  it.each([
    ['a key of a map', 'image.tag', 'image:\n  name: x # c\nz: 1\n', 'image:\n  name: x # c\n  tag: v2\nz: 1\n'],
    ['a key at the root, without a final newline', 'tag', 'name: x', 'name: x\ntag: v2'],
    ['keys below a new key', 'a.b.tag', 'a:\n  x: 1\n', 'a:\n  x: 1\n  b:\n    tag: v2\n'],
    ['an item of a list', 'a.-1', 'a:\n  - x\n  - y # c\n', 'a:\n  - x\n  - y # c\n  - v2\n'],
    ['a map in a list', 'a[0].tag', 'a:\n- name: x\n', 'a:\n- name: x\n  tag: v2\n'],
    ['a map as a new item', 'a.1.b.tag', 'a:\n- x\n', 'a:\n- x\n- b:\n    tag: v2\n'],
    ['a key after a block', 'tag', 'a: |\n  text\n', 'a: |\n  text\ntag: v2\n'],
    ['a key of a map on one line', 'a.tag', 'a: { x: 1 }\n', 'a: { x: 1, tag: v2 }\n'],
    ['an item of a list on one line', 'a.-1', 'a: [x]\n', 'a: [x, v2]\n'],
    ['the first key of an empty file', 'a.tag', '', 'a:\n  tag: v2\n'],
    ['the first key after comments', 'tag', '# values\n', '# values\ntag: v2\n'],
  ])('adds %s where asked to', (_, field, before, after) => {
    expect(setField(before, field, 'v2', { create: true })).toEqual({ ok: true, value: after })
    expect(setField(before, field, 'v2', { create: false }).ok).toBe(false)
  })

  it.each([
    ['into an empty list', 'a.-1', 'a: []\n'],
    ['a number below something new', 'b.0.tag', 'a: 1\n'],
    ['below a value', 'a.tag', 'a: 1\n'],
    ['a key that needs quotes', 'a["b: c"]', 'a: { x: 1 }\n'],
    ['over a map', 'a', 'a: { x: 1 }\n'],
    ['over a list', 'a', 'a: [x]\n'],
  ])('does not write %s', (_, field, text) => {
    expect(setField(text, field, 'v2', { create: true }).ok).toBe(false)
  })
})

describe('addImage', () => {
  it('writes tag and digest where the field is new', () => {
    expect(addImage('image:\n  pullPolicy: Always\n', image, 'image.tag')).toMatchObject({
      ok: true,
      value: { text: `image:\n  pullPolicy: Always\n  tag: 1.5.0@${NEW}\n`, found: '' },
    })
  })

  it('refuses a field beside another image', () => {
    expect(addImage('image:\n  repository: other\n', image, 'image.version').ok).toBe(false)
  })
})
