/** Links between the documents lead somewhere, and so do the paths that they name. */

import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, it } from 'vitest'

const documents = [
  ...globSync('*.md'),
  ...globSync('docs/**/*.md'),
  ...globSync('infra/**/*.md'),
  ...globSync('.github/*.md'),
]
  .toSorted()
  .map((file) => ({ file, text: readFileSync(file, 'utf8') }))
const headings = new Map(documents.map(({ file, text }) => [file, anchorsOf(text)]))

const links = documents.flatMap(({ file, text }) =>
  [...withoutFences(text).matchAll(/\]\((?<to>[^)\s]+)\)/gu)]
    .map(({ groups }) => groups?.['to'] ?? '')
    .filter((to) => !/^[a-z]+:/u.test(to))
    .map((to) => ({ file, to })),
)
/** `src/pipeline.ts`, `infra/kubernetes`: what stands in backticks and begins like a place of this repository. */
const paths = documents.flatMap(({ file, text }) =>
  [...withoutFences(text).matchAll(/`(?<path>(?:src|handlers|test|scripts|docs|infra)\/[\w./-]*\w\/?)`/gu)].map(
    ({ groups }) => ({
      file,
      path: groups?.['path'] ?? '',
    }),
  ),
)

it('finds links and paths', () => {
  expect(links.length).toBeGreaterThan(10)
  expect(paths.length).toBeGreaterThan(10)
})

it.each(links)('$file: $to is there', ({ file, to }) => {
  const [path = '', anchor] = to.split('#')
  const target = path === '' ? file : normalize(join(dirname(file), path))
  expect(existsSync(target), target).toBe(true)
  if (anchor !== undefined) expect(headings.get(target)).toContain(anchor)
})

it.each(paths)('$file: $path is there', ({ path }) => {
  expect(existsSync(path) || existsSync(`${path}.ts`)).toBe(true)
})

function withoutFences(text: string): string {
  return text.replaceAll(/^ *```[\s\S]*?^ *```$/gmu, '')
}

/** As Git hosts make them. */
function anchorsOf(text: string): readonly string[] {
  return [...withoutFences(text).matchAll(/^#{1,6} (?<heading>.+)$/gmu)].map(({ groups }) =>
    (groups?.['heading'] ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{Letter}\p{Number} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
