/** What would be deployed to AWS: packaged offline, from a bare clone, and its CloudFormation read by our own rules. */

import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { TABLES, type TableShape } from '../../src/state/dynamodb/tables.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const PARTS = ['serverless.yml', 'infra', 'handlers', 'scripts', 'src', 'package.json', 'tsconfig.json']
const PACKAGE_TIMEOUT_MS = 120_000
const FUNCTIONS = ['Webhook', 'Api', 'Queue', 'Timer', 'Events']

type Resource = {
  readonly Type: string
  readonly DeletionPolicy?: string
  readonly Properties: Record<string, unknown>
}
type Conditional = { 'Fn::If': [string, Statement, unknown] }
type Statement = { Action: string | string[]; Resource: unknown; Condition?: unknown; Principal?: unknown }

let folder: string
let resources: Record<string, Resource>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-serverless-'))
  for (const part of PARTS) cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const osls = join(ROOT, 'node_modules/osls/bin/serverless.js')
  // No credentials, no home, and a proxy that is not there: whoever asks the world fails.
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    HTTPS_PROXY: 'http://127.0.0.1:9',
    HTTP_PROXY: 'http://127.0.0.1:9',
  }
  await promisify(execFile)(process.execPath, [osls, 'package'], { cwd: folder, env })
  const template = readFileSync(join(folder, '.serverless/cloudformation-template-update-stack.json'), 'utf8')
  resources = (JSON.parse(template) as { Resources: Record<string, Resource> }).Resources
}, PACKAGE_TIMEOUT_MS)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const ofType = (type: string) => Object.entries(resources).filter(([, { Type }]) => Type === type)
const propertiesOf = (name: string) => resources[name]?.Properties ?? {}
const attribute = (name: string, attributeName = 'Arn') => ({ 'Fn::GetAtt': [name, attributeName] })

describe('the functions', () => {
  it('are the five that docs/aws.md speaks of', () => {
    expect(
      ofType('AWS::Lambda::Function')
        .map(([name]) => name)
        .toSorted(),
    ).toEqual(FUNCTIONS.map((name) => `${name}LambdaFunction`).toSorted())
  })

  it.each(FUNCTIONS)('%s runs on Node 24 and arm64, with a role of its own', (name) => {
    expect(propertiesOf(`${name}LambdaFunction`)).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: `dist/aws/${name.toLowerCase()}.handler`,
      Role: attribute(`${name}Role`),
    })
  })

  it('know each other by name only: no secret stands in the template', () => {
    for (const [, { Properties }] of ofType('AWS::Lambda::Function')) {
      const { Variables } = Properties['Environment'] as { Variables: Record<string, unknown> }
      expect(Object.keys(Variables).filter((name) => !/^(?:DRAYAGE_|OTEL_)/u.test(name))).toEqual([])
    }
  })

  it('have a URL where somebody calls them, and only there', () => {
    expect(ofType('AWS::Lambda::Url').map(([name]) => name)).toEqual([
      'WebhookLambdaFunctionUrl',
      'ApiLambdaFunctionUrl',
    ])
  })

  it('are packed as they were built, with nothing else', () => {
    const files = namesIn(readFileSync(join(folder, '.serverless/drayage.zip')))
    expect(files.filter((file) => !/^dist\/aws\/[^/]+\.mjs$/u.test(file))).toEqual([])
    expect(files).toContain('dist/aws/drayage-config.mjs')
  })

  it('are asked every minute what is due', () => {
    expect(propertiesOf('TimerEventsRuleSchedule1')).toMatchObject({
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
    })
  })
})

describe('the roles', () => {
  it.each(FUNCTIONS)("%s's allows named actions on named things", (name) => {
    const { Policies, ManagedPolicyArns } = propertiesOf(`${name}Role`) as {
      Policies: { PolicyDocument: { Statement: (Statement | Conditional)[] } }[]
      ManagedPolicyArns?: unknown
    }
    expect(ManagedPolicyArns).toBeUndefined()
    for (const { Action, Resource } of Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement).map(
      granted,
    )) {
      for (const action of [Action].flat()) expect(action).toMatch(/^[a-z]+:[A-Za-z]+$/u)
      for (const resource of [Resource].flat()) expect(isNamed(resource), JSON.stringify(resource)).toBe(true)
    }
  })

  it.each([
    ['Webhook', ['GetItem kept/*', 'PutItem', 'UpdateItem allowance/*']],
    ['Events', ['GetItem kept/*', 'PutItem']],
  ])('let who is called from outside write new events and read no document: %s', (name, expected) => {
    type Policy = { readonly PolicyDocument: { readonly Statement: readonly (Statement & { Condition?: unknown })[] } }
    const statements = (propertiesOf(`${name}Role`)['Policies'] as readonly Policy[]).flatMap(
      ({ PolicyDocument }) => PolicyDocument.Statement,
    )
    const calls = statements.flatMap(({ Action, Condition }) => {
      const keys = /"dynamodb:LeadingKeys":\["(?<key>[^"]*)"\]/u.exec(JSON.stringify(Condition ?? ''))?.groups?.['key']
      const own = [Action].flat().filter((action) => action.startsWith('dynamodb:'))
      return own.map((action) => [action.slice('dynamodb:'.length), keys].filter(Boolean).join(' '))
    })
    expect(calls.toSorted()).toEqual(expected)
  })
})

describe('the queues', () => {
  it('give back only what failed', () => {
    const mappings = ofType('AWS::Lambda::EventSourceMapping')
    expect(mappings).toHaveLength(2)
    for (const [, { Properties }] of mappings) {
      expect(Properties).toMatchObject({ FunctionResponseTypes: ['ReportBatchItemFailures'], Enabled: true })
    }
  })

  it.each([
    { queue: 'WakeUps', consumer: 'Queue' },
    { queue: 'RegistryEvents', consumer: 'Events' },
  ])(
    '$queue waits six times as long as its function may run, and ends in dead letters with an alarm',
    ({ queue, consumer }) => {
      const timeout = Number(propertiesOf(`${consumer}LambdaFunction`)['Timeout'])
      expect(Number(propertiesOf(queue)['VisibilityTimeout'])).toBeGreaterThanOrEqual(6 * timeout)
      expect(propertiesOf(queue)['RedrivePolicy']).toMatchObject({ deadLetterTargetArn: attribute(`${queue}Dead`) })
      const dead = resources[`${queue}Dead`]
      expect(dead?.Type).toBe('AWS::SQS::Queue')
      expect(propertiesOf(`${queue}DeadAlarm`)).toMatchObject({
        Namespace: 'AWS/SQS',
        MetricName: 'ApproximateNumberOfMessagesVisible',
        Dimensions: [{ Name: 'QueueName', Value: attribute(`${queue}Dead`, 'QueueName') }],
        Threshold: 0,
        ComparisonOperator: 'GreaterThanThreshold',
      })
    },
  )

  it('take events from EventBridge alone, for the one rule', () => {
    const { PolicyDocument } = propertiesOf('RegistryEventsPolicy') as { PolicyDocument: { Statement: Statement[] } }
    expect(PolicyDocument.Statement).toMatchObject([
      {
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Condition: { ArnEquals: { 'aws:SourceArn': attribute('RegistryEventsRule') } },
      },
    ])
  })
})

describe('the tables', () => {
  it.each(Object.entries(TABLES))('%s has the keys and indexes that the program expects', (name, shape) => {
    const table = `${name[0]?.toUpperCase()}${name.slice(1)}`
    expect(resources[table]).toMatchObject({ Type: 'AWS::DynamoDB::Table', DeletionPolicy: 'Retain' })
    expect(shapeOf(propertiesOf(table))).toEqual(shape)
    expect(propertiesOf(table)).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    })
  })
})

it('uses only keys that Serverless Framework 4 documents too', () => {
  const text = readFileSync(join(ROOT, 'serverless.yml'), 'utf8')
  const file = parse(text, { logLevel: 'error' }) as Record<string, unknown>
  expect(Object.keys(file).filter((key) => !DOCUMENTED.top.includes(key))).toEqual([])
  expect(Object.keys(file['provider'] as object).filter((key) => !DOCUMENTED.provider.includes(key))).toEqual([])
  for (const one of Object.values(file['functions'] as Record<string, object>)) {
    expect(Object.keys(one).filter((key) => !DOCUMENTED.function.includes(key))).toEqual([])
    for (const event of (one as { events?: Record<string, object>[] }).events ?? []) {
      for (const [kind, settings] of Object.entries(event)) {
        expect(Object.keys(settings).filter((key) => DOCUMENTED.events[kind]?.includes(key) !== true)).toEqual([])
      }
    }
  }
})

/** https://www.serverless.com/framework/docs/providers/aws/guide/serverless.yml */
const DOCUMENTED: { top: string[]; provider: string[]; function: string[]; events: Record<string, string[]> } = {
  top: [
    'service',
    'frameworkVersion',
    'configValidationMode',
    'params',
    'provider',
    'custom',
    'plugins',
    'package',
    'functions',
    'resources',
  ],
  provider: [
    'name',
    'runtime',
    'architecture',
    'region',
    'stage',
    'memorySize',
    'logRetentionInDays',
    'versionFunctions',
    'tags',
    'environment',
  ],
  function: ['handler', 'role', 'timeout', 'memorySize', 'url', 'events', 'maximumRetryAttempts'],
  events: {
    sqs: ['arn', 'batchSize', 'maximumConcurrency', 'functionResponseType'],
    schedule: ['rate', 'description'],
  },
}

function granted(statement: Statement | Conditional): Statement {
  return 'Fn::If' in statement ? statement['Fn::If'][1] : statement
}

/** What whoever deploys names, a part of this stack, or an ARN with a name in it; a `*` stands only at the end, behind a path of our own. */
function isNamed(resource: unknown): boolean {
  if (typeof resource === 'string') return false
  if ('Fn::Split' in (resource as object)) return true
  const { 'Fn::GetAtt': part, 'Fn::Sub': arn } = resource as { 'Fn::GetAtt'?: [string, string]; 'Fn::Sub'?: string }
  if (part !== undefined) return resources[part[0]] !== undefined
  return /^(?:\$\{[A-Za-z]+\.Arn\}\/index\/[a-z]+|arn:\$\{AWS::Partition\}:[a-z]+:[^*]*drayage[^*]*(?:[/:]\*)?)$/u.test(
    arn ?? '*',
  )
}

/** The central directory of a ZIP file: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.12 */
function namesIn(zip: Buffer): readonly string[] {
  const names: string[] = []
  for (let at = zip.indexOf('PK\u0001\u0002'); at !== -1; at = zip.indexOf('PK\u0001\u0002', at + 4)) {
    names.push(zip.subarray(at + 46, at + 46 + zip.readUInt16LE(at + 28)).toString())
  }
  return names
}

type Keys = readonly { readonly AttributeName: string }[]
type Index = {
  readonly IndexName: string
  readonly KeySchema: Keys
  readonly Projection: { readonly NonKeyAttributes?: string[] }
}

function shapeOf(properties: Record<string, unknown>): TableShape {
  const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, TimeToLiveSpecification } = properties as {
    AttributeDefinitions: { AttributeName: string; AttributeType: 'S' | 'N' }[]
    KeySchema: Keys
    GlobalSecondaryIndexes: Index[]
    TimeToLiveSpecification?: { AttributeName: string; Enabled: boolean }
  }
  const names = (keys: Keys) => keys.map(({ AttributeName }) => AttributeName)
  return {
    attributes: AttributeDefinitions.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType]),
    key: names(KeySchema) as [string],
    indexes: GlobalSecondaryIndexes.map(({ IndexName, KeySchema: keys, Projection }) => ({
      name: IndexName,
      key: names(keys) as [string, string],
      ...(Projection.NonKeyAttributes === undefined ? {} : { include: Projection.NonKeyAttributes }),
    })),
    expires: TimeToLiveSpecification?.AttributeName ?? null,
  }
}
