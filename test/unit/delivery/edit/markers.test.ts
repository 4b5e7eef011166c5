import { describe, expect, it } from 'vitest'
import { applyMarkers, editImage, findImage } from '../../../../src/delivery/edit/edit.ts'
import { aPinnedImage } from '../../../helpers/edit.ts'

const NEW = `sha256:${'d'.repeat(64)}`
const OLD = `sha256:${'a'.repeat(64)}`
const NAME = 'ghcr.io/acme/payments'
const image = aPinnedImage()
const mark = (part = ''): string => `# {"$imagepolicy": "apps:payments${part}"}`

describe('editImage by marker', () => {
  it.each([
    [
      'a reference in a template',
      `{{- if .x }}\n  image: "${NAME}:1" ${mark()}\n{{- end }}\n`,
      `{{- if .x }}\n  image: "${NAME}:1.5.0@${NEW}" ${mark()}\n{{- end }}\n`,
    ],
    [
      'name, tag and digest in a template',
      `{{ x }}\nr: ${NAME} ${mark(':name')}\nt: v1 ${mark(':tag')}\nd: ${OLD} ${mark(':digest')}\n`,
      `{{ x }}\nr: ${NAME} ${mark(':name')}\nt: 1.5.0 ${mark(':tag')}\nd: ${NEW} ${mark(':digest')}\n`,
    ],
    [
      'a list item in a template',
      `{{ x }}\n- '${NAME}:1'\t${mark()}\r\n`,
      `{{ x }}\n- '${NAME}:1.5.0@${NEW}'\t${mark()}\r\n`,
    ],
    [
      'all values of one marker',
      `a: ${NAME}:1 ${mark()}\nb: { image: ${NAME}:1 }\n`
        .replace('b: { image: ', 'b:\n  image: ')
        .replace(' }', ` ${mark()}`),
      `a: ${NAME}:1.5.0@${NEW} ${mark()}\nb:\n  image: ${NAME}:1.5.0@${NEW} ${mark()}\n`,
    ],
    [
      'name and tag',
      `repo: ${NAME} ${mark(':name')}\nversion: v1 ${mark(':tag')}\n`,
      `repo: ${NAME} ${mark(':name')}\nversion: 1.5.0@${NEW} ${mark(':tag')}\n`,
    ],
    ['an anchored value', `image: &i ${NAME}:1 ${mark()}\n`, `image: &i ${NAME}:1.5.0@${NEW} ${mark()}\n`],
    [
      'the digest beside a marked tag',
      `images:\n- name: ${NAME}\n  newTag: v1 ${mark(':tag')}\n  digest: ${OLD}\n`,
      `images:\n- name: ${NAME}\n  newTag: 1.5.0 ${mark(':tag')}\n  digest: ${NEW}\n`,
    ],
    [
      'a marker with spaces',
      `x: ${NAME}:1 #{ "$imagepolicy" : "a:b" }\n`,
      `x: ${NAME}:1.5.0@${NEW} #{ "$imagepolicy" : "a:b" }\n`,
    ],
  ])('edits %s, and restores it', (_, before, after) => {
    const edited = editImage(before, { image }, {})
    expect(edited).toMatchObject({ ok: true, value: { text: after } })
    const { found, now } = edited.ok ? edited.value : expect.fail()
    expect(findImage(after, image, {})).toMatchObject({ ok: true, value: { found: now } })
    expect(editImage(after, { name: image, restore: found }, {})).toMatchObject({ ok: true, value: { text: before } })
  })

  it('chooses among places by the marker', () => {
    const before = `image: ${NAME}:1\nother: ${NAME}:2 ${mark()}\n`
    expect(editImage(before, { image }, {})).toMatchObject({ ok: false, error: { reason: 'image-ambiguous' } })
    expect(editImage(before, { image }, { marker: 'apps:payments' })).toMatchObject({
      ok: true,
      value: { text: `image: ${NAME}:1\nother: ${NAME}:1.5.0@${NEW} ${mark()}\n`, found: `${NAME}:2` },
    })
  })

  it.each([
    ['values that disagree', `a: ${NAME}:1 ${mark()}\nb: ${NAME}:2 ${mark()}\n`, {}, 'image-ambiguous'],
    [
      'a tag that disagrees with its reference',
      `a: ${NAME}:1 ${mark()}\nb: v2 ${mark(':tag')}\n`,
      {},
      'image-ambiguous',
    ],
    ['another marker', `a: ${NAME}:1 ${mark()}\n`, { marker: 'apps:other' }, 'image-missing'],
    ['the marker of another image', `a: nginx:1 ${mark()}\n`, { marker: 'apps:payments' }, 'image-missing'],
    [
      'a template whose markers disagree',
      `{{ x }}\na: ${NAME}:1 ${mark()}\nb: ${NAME}:2 ${mark()}\n`,
      {},
      'unparsable',
    ],
    [
      'a template with two policies for the image',
      `{{ x }}\na: ${NAME}:1 ${mark()}\nb: ${NAME}:1 # {"$imagepolicy": "apps:other"}\n`,
      {},
      'unparsable',
    ],
    ['a marker behind a template expression', `{{ x }}\na: ${NAME}:{{ .tag }} ${mark()}\n`, {}, 'unparsable'],
    ['a marker that is not a comment', `{{ x }}\na: ${NAME}:1${mark()}\n`, {}, 'unparsable'],
    ['a template, by field', `{{ x }}\nimage: ${NAME}:1 ${mark()}\n`, { field: 'image' }, 'unparsable'],
  ])('refuses %s', (_, text, options, reason) => {
    expect(editImage(text, { image }, options)).toMatchObject({ ok: false, error: { reason } })
  })
})

describe('applyMarkers', () => {
  const policies = [{ policy: 'apps:payments', image: 'new.example.com/payments', tag: 'v2' }]

  it.each([
    ['a whole reference', `image: old:1 ${mark()}\n`, `image: new.example.com/payments:v2 ${mark()}\n`],
    ['a name', `newName: old ${mark(':name')}\n`, `newName: new.example.com/payments ${mark(':name')}\n`],
    ['a tag', `newTag: "1" ${mark(':tag')}\n`, `newTag: "v2" ${mark(':tag')}\n`],
    [
      'a digest, for which the policy has none',
      `digest: ${OLD} ${mark(':digest')}\n`,
      `digest: ${OLD} ${mark(':digest')}\n`,
    ],
    [
      'a marker of another namespace',
      'image: old:1 # {"$imagepolicy": "other:payments"}\n',
      'image: old:1 # {"$imagepolicy": "other:payments"}\n',
    ],
    ['a tag in a template', `{{ x }}\ntag: 1 ${mark(':tag')}\n`, `{{ x }}\ntag: v2 ${mark(':tag')}\n`],
  ])('writes %s', (_, before, after) => {
    expect(applyMarkers(before, policies)).toMatchObject({ ok: true, value: { text: after } })
  })

  it.each([
    ['behind the tag where no marker asks for it apart', `t: v1 ${mark(':tag')}\n`, `t: v2@${NEW} ${mark(':tag')}\n`],
    [
      'apart where one does',
      `t: v1 ${mark(':tag')}\nd: x ${mark(':digest')}\n`,
      `t: v2 ${mark(':tag')}\nd: ${NEW} ${mark(':digest')}\n`,
    ],
    ['in a whole reference', `i: old ${mark()}\n`, `i: new.example.com/payments:v2@${NEW} ${mark()}\n`],
  ])('writes a digest %s', (_, before, after) => {
    const pinned = policies.map((policy) => ({ ...policy, digest: NEW }))
    expect(applyMarkers(before, pinned)).toMatchObject({ ok: true, value: { text: after } })
  })

  it('quotes a tag that would be read as a number', () => {
    const edited = applyMarkers(`tag: v1 ${mark(':tag')}\n`, [{ policy: 'apps:payments', image: 'x', tag: '1.10' }])
    expect(edited).toMatchObject({ ok: true, value: { text: `tag: "1.10" ${mark(':tag')}\n` } })
  })
})
