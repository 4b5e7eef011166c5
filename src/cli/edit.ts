/** `drayage edit`: shows, and where asked writes, the edit that a delivery would make in files. */

import { lstatSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import {
  addImage,
  decodeFile,
  diffOf,
  editImage,
  type EditOptions,
  type EditOutcome,
  type EditProblem,
  FILE_BYTES_MAX,
} from '../delivery/edit/edit.ts'
import { parseImageReference, PinnedImage } from '../domain/image.ts'
import { err, type Result } from '../domain/result.ts'
import { escapeForTerminal } from '../escape.ts'
import type { Command, ExitCode, Io } from './command.ts'
import { printJson } from './output.ts'

const help = `
Shows the edit that a delivery would make in files. Writes nothing without --write.

Usage: drayage edit --image REF [--field a.b[0].c] FILE…

  --image REF      the image to write, with tag and digest: repository:tag@sha256:…
  --field PATH     where it stands, such as image.tag, spec.containers[0].image or a["b.c"];
                   (2).image for the second document. Without it the image is found by its name:
                   in manifests, kustomizations, Helm values, Argo CD applications and
                   behind Flux $imagepolicy markers
  --marker NS:NAME only the values with this $imagepolicy marker
  --create         add the field where it is not there yet (with --field)
  --write          write the files
  --json           {"files": [{"path", "status": "changed"|"unchanged"|"refused", "found"?, "now"?,
                   "changes"?, "diff"?, "reason"?, "detail"?, "line"?, "column"?}]}

Prints a unified diff. All bytes but the image's stay as they are. Of several files some may
not hold the image. Exit code: 0 fine (changed, or nothing to change), 1 a file was refused or
no file holds the image, 2 misuse.

Example:
  $ drayage edit --image ghcr.io/acme/web:1.5.0@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 values.yaml
  --- a/values.yaml
  +++ b/values.yaml
  @@ -1,3 +1,3 @@
   image:
     repository: ghcr.io/acme/web
  -  tag: 1.4.2 # the release
  +  tag: 1.5.0@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 # the release
`

const options = {
  image: { type: 'string' },
  field: { type: 'string' },
  marker: { type: 'string' },
  create: { type: 'boolean' },
  write: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

export const command: Command = { name: 'edit', summary: 'show the edit of an image in files', help, run }

type Edited = { readonly path: string; readonly before: string; readonly outcome: Result<EditOutcome, EditProblem> }

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const image = parsePinned(values.image ?? '')
  if (!image.ok) return misuse(io, image.error)
  if (positionals.length === 0) return misuse(io, 'expected at least one file')
  if (values.create === true && values.field === undefined) return misuse(io, '--create needs --field')
  if (values.field !== undefined && values.marker !== undefined) return misuse(io, 'expected --field or --marker')
  const { field, marker } = values
  const choice = { ...(field === undefined ? {} : { field }), ...(marker === undefined ? {} : { marker }) }
  const files = positionals.map((path) => editFile(path, image.value, choice, values.create === true))
  if (values.write === true) for (const file of files) write(file)
  if (values.json === true) printJson(io, { files: files.map(described) }, true)
  else printAll(files, io)
  return exitCodeOf(files)
}

/** What is delivered has both: a tag alone may be another image tomorrow. */
function parsePinned(text: string): Result<PinnedImage, string> {
  const expected = 'expected --image repository:tag@sha256:…'
  if (text === '') return err(expected)
  const reference = parseImageReference(text)
  if (!reference.ok) return err(`${expected}: ${reference.error.expected}; found ${text}`)
  const image = PinnedImage.safeParse(reference.value)
  return image.success ? { ok: true, value: image.data } : err(`${expected}, with tag and digest; found ${text}`)
}

function editFile(path: string, image: PinnedImage, choice: EditOptions, create: boolean): Edited {
  const text = readText(path)
  if (!text.ok) return { path, before: '', outcome: text }
  const edited = editImage(text.value, { image }, { ...choice, path })
  const isMissing = !edited.ok && edited.error.reason === 'image-missing'
  const outcome = create && isMissing && choice.field !== undefined ? addImage(text.value, image, choice.field) : edited
  return { path, before: text.value, outcome }
}

/** As a delivery would: nothing that leads elsewhere, and no workflow. */
function readText(path: string): Result<string, EditProblem> {
  const parts = path.split(/[/\\]/u).map((part) => part.toLowerCase())
  const refuse = (detail: string): Result<never, EditProblem> => err({ reason: 'path-refused', detail })
  if (parts.includes('..')) return refuse('expected a path without "..": go to the folder first')
  if (parts.includes('.github') || parts.includes('.git')) return refuse('expected a path outside .github/ and .git/')
  const status = lstatSync(path, { throwIfNoEntry: false })
  if (status === undefined) return refuse('there is no such file')
  if (status.isSymbolicLink()) return refuse('it is a symbolic link: name the file that it points at')
  if (!status.isFile()) return refuse('expected a regular file')
  if (status.size > FILE_BYTES_MAX) {
    return err({ reason: 'file-too-large', detail: `expected at most ${FILE_BYTES_MAX} bytes, found ${status.size}` })
  }
  return decodeFile(readFileSync(path))
}

function write({ path, before, outcome }: Edited): void {
  if (outcome.ok && outcome.value.text !== before) writeFileSync(path, outcome.value.text)
}

/** Of many files most do not hold the image; that is worth a word only where none does. */
function printAll(files: readonly Edited[], io: Io): void {
  const isMissing = ({ outcome }: Edited): boolean => !outcome.ok && outcome.error.reason === 'image-missing'
  const shown = files.every(isMissing) ? files : files.filter((file) => !isMissing(file))
  for (const { path, before, outcome } of shown) {
    if (outcome.ok) printDiff(diffOf(path, before, outcome.value.text), io)
    else io.stderr(`${escapeForTerminal(sentenceOf(path, outcome.error))}\n`)
  }
}

/** Exact for `git apply`; harmless for a terminal. */
function printDiff(diff: string, io: Io): void {
  io.stdout(io.isTTY ? diff.split('\n').map(escapeForTerminal).join('\n') : diff)
}

function sentenceOf(path: string, { reason, detail, line, column }: EditProblem): string {
  const position = line === undefined ? '' : `:${line}:${column ?? 1}`
  return `${path}${position}: ${reason}: ${detail}`
}

function described({ path, before, outcome }: Edited): object {
  if (!outcome.ok) return { path, status: 'refused', ...outcome.error }
  const { text, found, now, changes } = outcome.value
  const status = text === before ? 'unchanged' : 'changed'
  return { path, status, found, now, changes, diff: diffOf(path, before, text) }
}

function exitCodeOf(files: readonly Edited[]): ExitCode {
  const problems = files.filter(({ outcome }) => !outcome.ok && outcome.error.reason !== 'image-missing')
  return problems.length === 0 && files.some(({ outcome }) => outcome.ok) ? 0 : 1
}

function misuse(io: Io, message: string): ExitCode {
  io.stderr(`drayage edit: ${escapeForTerminal(message)}\nTry: drayage edit --help\n`)
  return 2
}
