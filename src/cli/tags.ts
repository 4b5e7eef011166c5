/** `drayage tags`: tries a tag filter on a list of tags, before anybody trusts it. */

import { parseArgs } from 'node:util'
import * as z from 'zod'
import { Json } from '../domain/json.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { TagFilter } from '../domain/tag-filter.ts'
import { chooseTag, type CompiledFilter, compileFilter } from '../filter.ts'
import type { Command, ExitCode, Io } from './command.ts'
import { printJson } from './output.ts'

const help = `
Tries a tag filter on a list of tags. Touches nothing.

Usage: drayage tags --filter JSON [--current TAG] < tags

Standard input holds a tag on each line, a JSON list, or what a registry answers to
"tags/list" (also what "skopeo list-tags" prints).

  --filter JSON    what stands under "tags" of a subscription:
                     {"semver": ">=1.4 <2", "prerelease": false, "strict": true}
                     {"numerical": "asc"}  {"alphabetical": "desc"}  {"calver": "YYYY.MM.MICRO"}
                     {"newestPush": true}  {"digestOf": "stable"}
                   each also with "match", "extract", "allow" and "ignore" (RE2, the whole tag)
  --current TAG    the tag that runs now. Ordered filters never go back behind it, unless
                   the filter does not count it
  --json           on one line, also on a terminal

A prerelease counts where "prerelease" is true, or where it is not said and the range names
one (">=1.4.0-0"). "latest" never counts but for {"digestOf": "latest"}. A calendar version
has YYYY YY 0Y MM 0M WW 0W DD 0D MAJOR MINOR MICRO MODIFIER, and [brackets] for what may be
absent.

Prints {"chosen": TAG or null, "changed": …, "eligible": [newest first], "rejected":
[{"tag", "reason", "detail"}]}. With "newestPush" the list is taken as the order of the
pushes, the newest last. Exit code: 0 a tag is chosen, 1 none counts, 2 misuse.

Example:
  $ printf '1.3.0\\n1.4.1\\n2.0.0\\nlatest\\n' | drayage tags --filter '{"semver": "1.x"}' --current 1.3.0
  {"chosen":"1.4.1","changed":true,"eligible":["1.4.1","1.3.0"],"rejected":[{"tag":"2.0.0",…},{"tag":"latest",…}]}
`

const options = {
  filter: { type: 'string' },
  current: { type: 'string' },
  json: { type: 'boolean' },
} as const

export const command: Command = { name: 'tags', summary: 'try a tag filter on a list of tags', help, run }

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values } = parseArgs({ args: [...args], options })
  if (values.filter === undefined) return misuse(io, 'expected --filter JSON, such as --filter \'{"semver": "1.x"}\'')
  const filter = parseFilter(values.filter)
  if (!filter.ok) return misuse(io, `--filter: ${filter.error}`)
  const tags = parseTags(new TextDecoder().decode(await io.stdin()))
  if (!tags.ok) return misuse(io, `standard input: ${tags.error}`)
  const choice = chooseTag(filter.value, tags.value, values.current ?? null)
  printJson(io, choice, values.json ?? false)
  return choice.chosen === null ? 1 : 0
}

function parseFilter(text: string): Result<CompiledFilter, string> {
  const filter = Json.pipe(TagFilter).safeParse(text)
  if (!filter.success) return err(filter.error.issues.map(({ message }) => message).join('; '))
  const compiled = compileFilter(filter.data)
  if (compiled.ok) return compiled
  const { at, expected, found } = compiled.error
  return err(`${at}: expected ${expected}; found ${JSON.stringify(found)}`)
}

const TagList = z.array(z.string())
/** The registry's own answer, and skopeo's. */
const TagAnswer = z.union([TagList, z.object({ tags: TagList }), z.object({ Tags: TagList })])

/** No tag begins with a bracket or a brace. */
function parseTags(text: string): Result<readonly string[], string> {
  if (!/^\s*[[{]/u.test(text)) return ok(text.split('\n').flatMap((line) => line.trim() || []))
  const answer = Json.pipe(TagAnswer).safeParse(text)
  if (!answer.success) return err('expected a tag on each line, a JSON list of strings, or {"tags": [...]}')
  if ('tags' in answer.data) return ok(answer.data.tags)
  return ok('Tags' in answer.data ? answer.data.Tags : answer.data)
}

function misuse(io: Io, message: string): ExitCode {
  io.stderr(`drayage tags: ${message}\nTry: drayage tags --help\n`)
  return 2
}
