/** `edits`: our byte-exact edits against the before/after files of the peers' tests. */

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDocument } from 'yaml'
import * as z from 'zod'
import { applyMarkers, editImage, isPlainSafe, setField } from '../../src/delivery/edit/edit.ts'
import { splitReference } from '../../src/delivery/edit/reference.ts'
import { type ImageName, parseImageReference } from '../../src/domain/image.ts'
import { Json } from '../../src/domain/json.ts'
import { editExceptions, reencoded } from './exceptions.ts'
import type { CorpusResult } from './kind.ts'

const Files = z.object({ name: z.string(), input: z.string(), expected: z.string().nullable() })
const PathUpdate = Files.extend({ path: z.string(), value: z.string() })
const Policy = z.object({ policy: z.string(), image: z.string(), tag: z.string(), digest: z.string().optional() })

const EditCase = z.discriminatedUnion('kind', [
  Files.extend({ kind: z.literal('flux-setter-markers'), policies: z.array(Policy) }),
  Files.extend({ kind: z.literal('image-replace') }),
  Files.extend({ kind: z.literal('image-leave') }),
  PathUpdate.extend({ kind: z.literal('helm-values-path') }),
  PathUpdate.extend({ kind: z.literal('yaml-path-update') }),
  Files.extend({ kind: z.literal('helm-values-byte-exact'), set: z.record(z.string(), z.string()) }),
  z.object({ kind: z.literal('plain-scalar-safe'), value: z.string(), expected: z.boolean() }),
  z.object({
    kind: z.literal('kustomize-images-merge'),
    name: z.string(),
    existing: z.array(z.string()),
    new: z.array(z.string()),
    expected: z.array(z.string()),
  }),
])
export type EditCase = z.infer<typeof EditCase>

const Table = z.object({ cases: z.array(z.looseObject({ kind: z.string() })) })
const kinds = new Set(EditCase.options.map((option) => option.shape.kind.value))

export async function corpus(directory: string): Promise<CorpusResult> {
  const failures: string[] = []
  const excepted: Record<string, number> = {}
  let passed = 0
  for (const candidate of readCases(directory)) {
    const parsed = EditCase.safeParse(candidate)
    if (!parsed.success) {
      failures.push(`${JSON.stringify(candidate).slice(0, 120)}: not a case that we can read: ${parsed.error.message}`)
      continue
    }
    const disagreement = disagreementOf(parsed.data)
    const reason = editExceptions.find((rule) => rule.applies(parsed.data))?.reason
    if (disagreement === null) passed += 1
    else if (reason === undefined) failures.push(`${titleOf(parsed.data)}: ${disagreement}`)
    else excepted[reason] = (excepted[reason] ?? 0) + 1
  }
  if (passed + failures.length === 0) failures.push(`${directory} holds no table of edits: expected yaml-edits.json`)
  return { passed, failures, excepted }
}

/** The folder itself, or its `suites`; tables of other kinds lie beside ours. */
function readCases(directory: string): readonly { readonly kind: string }[] {
  const files = globSync(['*.json', 'suites/*.json'], { cwd: directory }).toSorted()
  return files.flatMap((file) => {
    const table = Json.pipe(Table).safeParse(readFileSync(join(directory, file), 'utf8'))
    const isOurs = table.success && table.data.cases.some(({ kind }) => kinds.has(z.string().parse(kind) as never))
    return isOurs ? table.data.cases : []
  })
}

function titleOf(edit: EditCase): string {
  return `${edit.kind} ${JSON.stringify('name' in edit ? edit.name : edit.value)}`
}

/** Null where we agree with the table. */
function disagreementOf(edit: EditCase): string | null {
  switch (edit.kind) {
    case 'flux-setter-markers': {
      const policies = edit.policies.map(({ digest, ...rest }) => ({ ...rest, ...(digest ? { digest } : {}) }))
      const result = applyMarkers(edit.input, policies)
      return compare(edit, result.ok ? result.value.text : null, edit.expected ?? edit.input)
    }
    case 'image-replace':
      return compare(edit, replaceImage(edit.input, edit.expected ?? ''), edit.expected)
    case 'image-leave':
      return compare(edit, replaceImage(edit.input, 'image: docker.io/acme/other:v1') ?? edit.input, edit.expected)
    case 'helm-values-path':
      return compare(
        edit,
        setAll(edit.input, { [edit.path]: edit.value })?.trim() ?? null,
        edit.expected?.trim() ?? null,
      )
    case 'yaml-path-update':
      return compare(edit, setAll(edit.input, { [edit.path]: edit.value }), edit.expected)
    case 'helm-values-byte-exact':
      return compare(edit, setAll(edit.input, edit.set), edit.expected)
    case 'plain-scalar-safe':
      return isPlainSafe(edit.value) === edit.expected ? null : `expected ${edit.expected}, found ${!edit.expected}`
    case 'kustomize-images-merge': {
      const merged = edit.new.reduce(mergeImage, edit.existing).toSorted()
      const isSame = JSON.stringify(merged) === JSON.stringify(edit.expected.toSorted())
      return isSame ? null : `expected ${edit.expected.join(' ')}, found ${merged.join(' ')}`
    }
  }
}

function compare(edit: EditCase, found: string | null, expected: string | null): string | null {
  if (found === expected) return null
  const isSame = found !== null && expected !== null && reencoded.has(edit.kind) && normal(found) === normal(expected)
  return isSame ? null : `expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`
}

/** Comments and values without the indentation, which is the peer's own. */
function normal(text: string): string {
  return parseDocument(text).toString({ indent: 4, lineWidth: 0 })
}

function setAll(text: string, fields: Readonly<Record<string, string>>): string | null {
  let next = text
  for (const [field, value] of Object.entries(fields)) {
    const set = setField(next, field, value, { create: true })
    if (!set.ok) return null
    next = set.value
  }
  return next
}

/** What the other file holds is what we wish for; these tables know tags without digests. */
function replaceImage(text: string, like: string): string | null {
  const wish = /image: (?<reference>\S+)/u.exec(like)?.groups?.['reference'] ?? ''
  const edited = editImage(text, { name: nameOf(wish), restore: wish }, {})
  return edited.ok ? edited.value.text : null
}

/** As an Argo CD Application holds them: the image is found by its name, and added where it is not there. */
function mergeImage(existing: readonly string[], image: string): readonly string[] {
  const text = `kustomize:\n  images:\n${existing.map((entry) => `    - ${entry}\n`).join('')}`
  const reference = image.slice(image.indexOf('=') + 1)
  const { tag, digest } = splitReference(reference)
  const name = nameOf(reference)
  const edited = editImage(text, { name, restore: reference }, {})
  if (edited.ok) return tag === null && digest === null ? existing : listOf(edited.value.text)
  const added = setField(text, 'kustomize.images.-1', image, { create: true })
  return added.ok ? listOf(added.value) : existing
}

function listOf(text: string): string[] {
  return [...text.matchAll(/- (?<image>\S+)/gu)].map(({ groups }) => groups?.['image'] ?? '')
}

function nameOf(reference: string): ImageName {
  const parsed = parseImageReference(reference)
  if (!parsed.ok) throw new Error(`the table holds ${reference}, which is no image`)
  return { registry: parsed.value.registry, repository: parsed.value.repository }
}
