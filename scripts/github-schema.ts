/**
 * Cuts what we use out of GitHub's published descriptions, for `test/fixtures/github/`.
 *
 *   mkdir /tmp/github && cd /tmp/github && npm install @octokit/openapi @octokit/graphql-schema   (400 MB: never in the project)
 *   node scripts/github-schema.ts /tmp/github/node_modules
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  buildASTSchema,
  getNamedType,
  isInputObjectType,
  Kind,
  parse,
  print,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DefinitionNode,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql'
import { COMMENTS } from '../src/notifications/github-documents.ts'
import { commitDocument, foldersDocument, lookDocument, REVIEW, UPDATE_REFS } from '../src/delivery/github-documents.ts'

const OPERATIONS = [
  ['get', '/repos/{owner}/{repo}/installation'],
  ['post', '/app/installations/{installation_id}/access_tokens'],
  ['get', '/repos/{owner}/{repo}/git/blobs/{file_sha}'],
  ['post', '/repos/{owner}/{repo}/git/trees'],
  ['post', '/repos/{owner}/{repo}/git/commits'],
  ['get', '/repos/{owner}/{repo}/pulls'],
  ['post', '/repos/{owner}/{repo}/pulls'],
  ['patch', '/repos/{owner}/{repo}/pulls/{pull_number}'],
  ['put', '/repos/{owner}/{repo}/pulls/{pull_number}/merge'],
  ['post', '/repos/{owner}/{repo}/issues/{issue_number}/comments'],
  ['patch', '/repos/{owner}/{repo}/issues/comments/{comment_id}'],
  ['get', '/repos/{owner}/{repo}/commits/{ref}'],
  ['get', '/repos/{owner}/{repo}/commits/{ref}/check-runs'],
  ['get', '/repos/{owner}/{repo}/commits/{ref}/status'],
  ['get', '/repos/{owner}/{repo}/commits/{commit_sha}/pulls'],
  ['post', '/repos/{owner}/{repo}/statuses/{sha}'],
  ['get', '/repos/{owner}/{repo}/deployments'],
  ['post', '/repos/{owner}/{repo}/deployments'],
  ['post', '/repos/{owner}/{repo}/deployments/{deployment_id}/statuses'],
] as const
const DOCUMENTS = [
  UPDATE_REFS,
  REVIEW,
  lookDocument(1, true),
  lookDocument(1, false),
  commitDocument(1),
  foldersDocument(1),
  COMMENTS,
]
/** Types that an answer may have though no document names them. */
const ANSWERS = ['Bot', 'User', 'Tree', 'Tag']
const FOLDER = join(import.meta.dirname, '../test/fixtures/github')

type Json = { [key: string]: unknown }

const [modules] = process.argv.slice(2)
if (modules === undefined)
  throw new Error('expected the folder of node_modules that holds @octokit/openapi and @octokit/graphql-schema')
writeFileSync(join(FOLDER, 'rest.json'), `${JSON.stringify(cutRest(modules), null, 2)}\n`)
writeFileSync(join(FOLDER, 'schema.graphql'), `${cutGraphql(modules)}\n`)

function cutRest(folder: string): Json {
  const whole = JSON.parse(readFileSync(join(folder, '@octokit/openapi/generated/api.github.com.json'), 'utf8')) as Json
  const cut: Json = { paths: {} }
  for (const [method, path] of OPERATIONS) {
    const operation = at(whole, ['paths', path, method]) as Json
    put(cut, ['paths', path, method], operation)
    collect(operation, whole, cut)
  }
  return tidy(cut) as Json
}

/** What an operation refers to, and what that refers to. */
function collect(node: unknown, whole: Json, cut: Json): void {
  if (typeof node !== 'object' || node === null) return
  for (const [key, value] of Object.entries(node)) {
    if (key !== '$ref') collect(value, whole, cut)
    else if (typeof value === 'string') {
      const path = value
        .slice(2)
        .split('/')
        .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
      if (at(cut, path) !== undefined) continue
      const target = at(whole, path)
      put(cut, path, target)
      collect(target, whole, cut)
    }
  }
}

function at(tree: Json, path: readonly string[]): unknown {
  return path.reduce<unknown>((node, key) => (node as Json | undefined)?.[key], tree)
}

function put(tree: Json, path: readonly string[], value: unknown): void {
  const last = path.at(-1) ?? ''
  const parent = path.slice(0, -1).reduce<Json>((node, key) => (node[key] ??= {}) as Json, tree)
  parent[last] = value
}

/** Without prose; examples stay where they are those of an answer. */
function tidy(node: unknown, within = ''): unknown {
  if (Array.isArray(node)) return node.map((one) => tidy(one, within))
  if (typeof node !== 'object' || node === null) return node
  if (within === 'value') return node
  const prose =
    within === 'properties' ? [] : ['description', 'example', 'x-github', 'externalDocs', 'tags', 'title', 'summary']
  return Object.fromEntries(
    Object.entries(node).flatMap(([key, value]) => (prose.includes(key) ? [] : [[key, tidy(value, key)]])),
  )
}

function cutGraphql(folder: string): string {
  const ast = parse(readFileSync(join(folder, '@octokit/graphql-schema/schema.graphql'), 'utf8'))
  const used = usedBy(buildASTSchema(ast, { assumeValidSDL: true, assumeValid: true }), DOCUMENTS)
  const definitions = ast.definitions.flatMap((definition) => keep(definition, used))
  return print(bare({ kind: Kind.DOCUMENT, definitions }))
}

/** Type → field → arguments. */
type Used = Map<string, Map<string, Set<string>>>

function usedBy(schema: GraphQLSchema, documents: readonly string[]): Used {
  const used: Used = new Map(ANSWERS.map((name) => [name, new Map()]))
  const typeOf = (name: string): Map<string, Set<string>> => {
    const fields = used.get(name) ?? new Map<string, Set<string>>()
    used.set(name, fields)
    return fields
  }
  for (const document of documents) {
    const info = new TypeInfo(schema)
    visit(
      parse(document),
      visitWithTypeInfo(info, {
        Field: (node) => {
          const [parent, field] = [info.getParentType(), info.getFieldDef()]
          if (!parent || !field) throw new Error(`GitHub has no field ${node.name.value} here`)
          const fields = typeOf(parent.name)
          const known = fields.get(field.name) ?? new Set<string>()
          fields.set(field.name, new Set([...known, ...(node.arguments ?? []).map((argument) => argument.name.value)]))
          typeOf(getNamedType(field.type).name)
        },
        Argument: () => {
          const name = info.getInputType()?.toString() ?? ''
          collectInput(schema, name.replaceAll(/[^A-Za-z]/gu, ''), typeOf)
        },
        InlineFragment: (node) => {
          typeOf(node.typeCondition?.name.value ?? '')
        },
      }),
    )
  }
  return used
}

function collectInput(schema: GraphQLSchema, name: string, typeOf: (name: string) => unknown): void {
  typeOf(name)
  const type = schema.getType(name)
  if (isInputObjectType(type)) {
    for (const field of Object.values(type.getFields())) collectInput(schema, getNamedType(field.type).name, typeOf)
  }
}

function keep(definition: DefinitionNode, used: Used): DefinitionNode[] {
  if (!('name' in definition) || definition.name === undefined) return []
  const fields = used.get(definition.name.value)
  if (fields === undefined) return []
  switch (definition.kind) {
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.INTERFACE_TYPE_DEFINITION: {
      const interfaces = (definition.interfaces ?? []).filter(({ name }) => used.has(name.value))
      // What an interface shows, its types have.
      const wanted = new Set([
        ...fields.keys(),
        ...interfaces.flatMap(({ name }) => [...(used.get(name.value)?.keys() ?? [])]),
      ])
      const kept = (definition.fields ?? [])
        .filter(({ name }) => wanted.has(name.value))
        .map((field) => ({
          ...field,
          arguments: (field.arguments ?? []).filter((argument) => {
            return (
              argument.type.kind === Kind.NON_NULL_TYPE ||
              fields.get(field.name.value)?.has(argument.name.value) === true
            )
          }),
        }))
      return [{ ...definition, interfaces, fields: kept }]
    }
    case Kind.UNION_TYPE_DEFINITION:
      return [{ ...definition, types: (definition.types ?? []).filter(({ name }) => used.has(name.value)) }]
    default:
      return [definition]
  }
}

function bare(document: DocumentNode): DocumentNode {
  return visit(document, { Directive: () => null, StringValue: (node, key) => (key === 'description' ? null : node) })
}
