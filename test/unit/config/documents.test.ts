/** What is shown or published is read by the code that it is about: examples, fences in the docs, the JSON Schema. */

import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { configJsonSchema } from '../../../scripts/config-json-schema.ts'
import { configOptions } from '../../../src/cli/config-options.ts'
import { loadConfigFile } from '../../../src/config/files.ts'
import { formatProblem } from '../../../src/config/problem.ts'
import { loaded, SMALLEST } from '../../helpers/config.ts'

const validate = new Ajv({ strict: false, allErrors: true, logger: false }).compile(configJsonSchema())
const examples = globSync('test/examples/*.yaml').toSorted()

it('has examples', () => {
  expect(examples).toContain('test/examples/quickstart.yaml')
})

it.each(examples)('%s is read without a warning, and editors agree', async (file) => {
  const result = await loadConfigFile(file, configOptions)
  expect(result.ok ? result.value.warnings : result.error.map(formatProblem)).toEqual([])
  validate(parse(readFileSync(file, 'utf8')))
  expect(validate.errors).toBeNull()
})

const fences = [...globSync('docs/**/*.md'), ...globSync('README.md')].toSorted().flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/^(?<indent> *)```ya?ml\n(?<text>[\s\S]*?)^ *```$/gmu)].flatMap(
    ({ groups }, index) => {
      const text = (groups?.['text'] ?? '').replaceAll(new RegExp(`^${groups?.['indent'] ?? ''}`, 'gmu'), '')
      return text.replaceAll(/^(?:#.*)?\n/gmu, '').startsWith('version: 1') ? [{ file, index, text }] : []
    },
  ),
)

it('finds configurations in the docs', () => {
  expect(fences.map(({ file }) => file)).toContain('docs/configuration.md')
})

it.each(fences)('$file: YAML block $index is read', async ({ text }) => {
  await loaded(text)
})

it.each([
  ['an unknown key', SMALLEST.replace('version: 1', 'version: 1\nmod: act')],
  ['a part of a later version', `${SMALLEST}slack: { token: env:T }\n`],
  ['no verification', SMALLEST.replace('    verify: none\n', '')],
  ['two kinds of filter', SMALLEST.replace('semver: "*"', 'semver: "*", numerical: asc')],
  ['a secret in place of its reference', SMALLEST.replace('env:HOOK', 'hunter2')],
  ['a stage without a target', SMALLEST.replace('{ git: repo, file: app.yaml }', '{}')],
  ['a receiver that there is not', SMALLEST.replace('distribution', 'ecr')],
])('lets editors complain about %s', (_, text) => {
  expect(validate(parse(SMALLEST))).toBe(true)
  expect(validate(parse(text))).toBe(false)
})

it('lets editors pass over x- keys', () => {
  expect(validate(parse(SMALLEST.replace('verify: none', 'verify: none\n    x-owner: [ada]')))).toBe(true)
})

it('has a schema and a reference that are up to date', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/generate.ts', '--check'], { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(status).toBe(0)
})
