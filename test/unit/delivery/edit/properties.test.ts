import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { editImage, setField } from '../../../../src/delivery/edit/edit.ts'
import { PinnedImage } from '../../../../src/domain/image.ts'

const NAME = 'ghcr.io/acme/payments'
const runs = { numRuns: Number(process.env['FUZZ_RUNS'] ?? 1000) }

const hex = fc.stringMatching(/^[0-9a-f]{64}$/u)
const tag = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/u),
  fc.constantFrom('1.10', 'yes', '0755', '1e5', 'null'),
)
const pinned = fc.record({ tag, hex }).map((parts) =>
  PinnedImage.parse({
    registry: 'ghcr.io',
    repository: 'acme/payments',
    tag: parts.tag,
    digest: `sha256:${parts.hex}`,
  }),
)

/** Lines that a file has around the image: none of them is one, whatever they look like. */
const noise = fc.constantFrom(
  '# 🚀 ghcr.io/acme/payments: a comment',
  'replicas: 3',
  "\"quoted key\": 'it''s'",
  'flow: { a: [1, 2 , "x"], b: ~ }   ',
  'text: |\n  several\n\n  lines\n',
  'folded: >-\n  one\n  two # no comment',
  'anchor: &a { x: 1 }',
  'empty:',
  'other: { image: nginx:1.25 }',
  'list:\n- a\n-   b\t# tab\n- - c\n  - d',
  '',
)
/** The image before and after, as a person would write it by hand. */
type Shape = { readonly before: (old: string) => string; readonly after: (now: string, digest: string) => string }
const whole = (write: (reference: string) => string): Shape => ({
  before: (old) => write(`${NAME}:${old}`),
  after: (now, digest) => write(`${NAME}:${now}@${digest}`),
})
const split = (write: (tagText: string) => string): Shape => ({
  before: write,
  after: (now, digest) => write(`${now}@${digest}`),
})
const shape = fc.constantFrom<Shape>(
  whole((reference) => `image: ${reference}`),
  whole((reference) => `image: "${reference}" # c`),
  whole((reference) => `spec:\n  containers:\n  - name: x\n    image:   '${reference}'`),
  whole((reference) => `c: [{ image: ${reference} }]`),
  whole((reference) => `data:\n  a.yaml: |\n    # inner\n    image: ${reference}  `),
  split((tagText) => `images:\n  - name: ${NAME}\n    newTag: '${tagText}' # c`),
  split((tagText) => `values: |\n    image:\n        repository: ${NAME}\n\n        tag: "${tagText}"`),
  {
    before: (old) => `image:\n  repository: ${NAME}\n  tag: "${old}"\n  digest: ""`,
    after: (now, digest) => `image:\n  repository: ${NAME}\n  tag: "${now}"\n  digest: "${digest}"`,
  },
  {
    before: () => `image:\n  repository: ${NAME} # c`,
    after: (now, digest) => `image:\n  repository: ${NAME} # c\n  tag: '${now}@${digest}'`,
  },
)

const edit = fc
  .record({
    above: fc.uniqueArray(noise, { maxLength: 4 }),
    below: fc.uniqueArray(noise, { maxLength: 4 }),
    shape,
    old: tag,
    image: pinned,
    lineEnd: fc.constantFrom('\n', '\r\n'),
    start: fc.constantFrom('', '\ufeff', '---\n', '# head\n\n'),
    end: fc.constantFrom('', '\n', '\n\n', '\n...\n'),
  })
  .map(({ above, below, shape: form, old, image, lineEnd, start, end }) => {
    const rest = below.filter((line) => !above.includes(line))
    const around = (middle: string): string =>
      (start + [...above, middle, ...rest].join('\n') + end).replaceAll('\n', lineEnd)
    return { before: around(form.before(old)), after: around(form.after(image.tag, image.digest)), image }
  })

it('changes no byte outside the values, in any file', () => {
  fc.assert(
    fc.property(edit, ({ before, after, image }) => {
      expect(editImage(before, { image }, {})).toMatchObject({ ok: true, value: { text: after } })
    }),
    runs,
  )
})

it('writes what other readers of YAML take for that tag and digest, and nothing else', () => {
  fc.assert(
    fc.property(edit, ({ before, image }) => {
      const edited = editImage(before, { image }, {})
      const { text } = edited.ok ? edited.value : expect.fail()
      const [old, now] = [leaves(before), leaves(text)]
      const changed = [...now].filter(([path, value]) => old.get(path) !== value)
      expect([...old.keys()].filter((path) => !now.has(path))).toEqual([])
      expect(changed.length).toBeLessThanOrEqual(2)
      expect(changed.every(([path]) => /(?:image|tag|newTag|digest)$/u.test(path))).toBe(true)
      expect(changed.map(([, value]) => value).join(' ')).toContain(image.digest)
    }),
    runs,
  )
})

it('finds its own edit, and restores the bytes', () => {
  fc.assert(
    fc.property(edit, ({ before, image }) => {
      const edited = editImage(before, { image }, {})
      const { text, found, now } = edited.ok ? edited.value : expect.fail()
      expect(editImage(text, { image }, {})).toMatchObject({ ok: true, value: { text, found: now, changes: [] } })
      expect(editImage(text, { name: image, restore: found }, {})).toMatchObject({ ok: true, value: { text: before } })
    }),
    runs,
  )
})

it('never throws, whatever the file is', () => {
  const soup = fc.array(
    fc.oneof(
      fc.constantFrom(
        'image: ',
        NAME,
        ':1',
        '\n',
        '  ',
        '- ',
        '{',
        '}',
        '[',
        ']',
        '|',
        '>',
        '&a ',
        '*a',
        '"',
        "'",
        '#',
        '? ',
        '\t',
        '%',
        '---\n',
        '<<: ',
        'tag: ',
      ),
      fc.string(),
    ),
    { maxLength: 40 },
  )
  fc.assert(
    fc.property(soup, pinned, fc.constantFrom(undefined, 'image', 'a.b[0]', 'image.tag'), (parts, image, field) => {
      const text = parts.join('')
      const edited = editImage(text, { image }, field === undefined ? {} : { field })
      if (edited.ok && edited.value.text !== text) expect(edited.value.text).toContain(image.digest)
    }),
    runs,
  )
})

it('sets any field to any printable text', () => {
  const value = fc.string({ unit: 'grapheme-ascii', maxLength: 30 })
  fc.assert(
    fc.property(edit, value, fc.constantFrom('plain', "'single'", '"double"'), (around, text, old) => {
      const before = `target: ${old} # c\n${around.before.replaceAll(/^\ufeff|^---\r?\n/gu, '')}`
      const set = setField(before, 'target', text, { create: false })
      const after = set.ok ? set.value : expect.fail(JSON.stringify(set))
      expect(leaves(after).get('0/target')).toBe(text)
      expect(after.endsWith(before.slice(before.indexOf(' # c')))).toBe(true)
    }),
    runs,
  )
})

/** Every scalar of every document by its path; blocks that hold YAML by their inner paths. */
function leaves(text: string): Map<string, unknown> {
  const found = new Map<string, unknown>()
  const visit = (value: unknown, path: string): void => {
    if (typeof value === 'string' && /^(?:# inner\n)?image:/u.test(value))
      visit(parseAllDocuments(value)[0]?.toJS(), path)
    else if (typeof value !== 'object' || value === null) found.set(path, value)
    else for (const [key, inner] of Object.entries(value)) visit(inner, `${path}/${key}`)
  }
  for (const [index, document] of parseAllDocuments(text).entries()) visit(document.toJS(), String(index))
  return found
}
