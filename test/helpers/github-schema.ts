/** GitHub's published descriptions as judges of requests and answers (see `test/fixtures/github/README.md`). */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'
import { buildSchema } from 'graphql'

type Json = Record<string, unknown>
type Operation = {
  readonly parameters?: readonly Json[]
  readonly requestBody?: Json
  readonly responses: Readonly<Record<string, Json>>
}

const FOLDER = join(import.meta.dirname, '../fixtures/github')
const rest = JSON.parse(readFileSync(join(FOLDER, 'rest.json'), 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly examples: Readonly<Record<string, { readonly value: unknown }>> } & Json
}

/** The part of GitHub's GraphQL that we use. */
export const graphqlSchema = buildSchema(readFileSync(join(FOLDER, 'schema.graphql'), 'utf8'))

/** GitHub's own example of an answer, to lay our values over. */
export function exampleOf(name: string): Json {
  return structuredClone(rest.components.examples[name]?.value) as Json
}

export type Route = {
  readonly method: string
  readonly path: string
  readonly parameters: Readonly<Record<string, string>>
}

const routes = Object.entries(rest.paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => ({ method, path, pattern: patternOf(path) })),
)

/** Which operation a request is, if it is one that we know. */
export function routeOf(method: string, pathname: string): Route | null {
  for (const route of routes) {
    const match = route.method === method.toLowerCase() ? route.pattern.exec(pathname) : null
    if (match !== null) {
      const parameters = Object.entries(match.groups ?? {}).map(([key, value]) => [key, decodeURIComponent(value)])
      return {
        method: route.method,
        path: route.path,
        parameters: Object.fromEntries(parameters) as Record<string, string>,
      }
    }
  }
  return null
}

const ajv = new Ajv({ strict: false, allErrors: false, logger: false })
formats.default(ajv)
ajv.addSchema({ $id: 'github', ...(nullAsType(rest) as Json) })
const validators = new Map<string, ValidateFunction | null>()

/** OpenAPI 3.0 says `nullable` also beside `anyOf`, where JSON Schema wants a type. */
function nullAsType(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(nullAsType)
  if (typeof node !== 'object' || node === null) return node
  const { nullable, ...others } = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, nullAsType(value)]),
  )
  if (nullable !== true) return nullable === undefined || nullable === false ? others : { ...others, nullable }
  const values = Array.isArray(others['enum']) ? { enum: [...(others['enum'] as unknown[]), null] } : {}
  return 'type' in others ? { ...others, ...values, nullable } : { anyOf: [others, { type: 'null' }] }
}

/** What is wrong with a request: its body, or a query parameter that GitHub does not have. */
export function requestProblem({ method, path }: Route, query: URLSearchParams, body: unknown): string | null {
  const operation = rest.paths[path]?.[method]
  const known = (operation?.parameters ?? []).map(
    (one) => ('$ref' in one ? (resolve(String(one['$ref'])) as Json) : one)['name'],
  )
  const stranger = [...query.keys()].find((key) => !known.includes(key))
  if (stranger !== undefined) return `${method} ${path} has no query parameter ${stranger}`
  const schema = contentSchema(operation?.requestBody)
  if (schema === null) return body === undefined ? null : `${method} ${path} takes no body`
  const properties = (schema.schema['properties'] ?? {}) as Json
  const extra = Object.keys((body ?? {}) as Json).find((key) => !(key in properties))
  if (extra !== undefined) return `${method} ${path} has no field ${extra}`
  return problem(`#/paths/${escape(path)}/${method}/requestBody${schema.at}`, body)
}

/** What is wrong with an answer of the peer's own: then a test would prove nothing. */
export function answerProblem({ method, path }: Route, status: number, body: unknown): string | null {
  const answer = rest.paths[path]?.[method]?.responses[`${status}`]
  if (answer === undefined) return `${method} ${path} never answers ${status}`
  const reference = answer['$ref']
  const schema = contentSchema(typeof reference === 'string' ? (resolve(reference) as Json) : answer)
  if (schema === null) return null
  const at = typeof reference === 'string' ? reference : `#/paths/${escape(path)}/${method}/responses/${status}`
  return problem(`${at}${schema.at}`, body)
}

function problem(pointer: string, value: unknown): string | null {
  if (!validators.has(pointer)) validators.set(pointer, ajv.compile({ $ref: `github${pointer}` }))
  const validate = validators.get(pointer)
  if (!validate || validate(value)) return null
  return `${pointer}: ${ajv.errorsText(validate.errors)}`
}

function contentSchema(holder: Json | undefined): { schema: Json; at: string } | null {
  const content = holder?.['content'] as Readonly<Record<string, { schema?: Json }>> | undefined
  const schema = content?.['application/json']?.schema
  return schema === undefined ? null : { schema, at: '/content/application~1json/schema' }
}

function resolve(reference: string): unknown {
  return reference
    .slice(2)
    .split('/')
    .reduce<unknown>((node, key) => (node as Json)[key.replaceAll('~1', '/').replaceAll('~0', '~')], rest)
}

function escape(path: string): string {
  return path.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D')
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{(\w+)\}/gu, '(?<$1>[^/]+)')}$`, 'u')
}
