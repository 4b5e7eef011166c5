/** `scan:` of a registry: who scans, and that its credentials fit. */

import { describe, expect, it } from 'vitest'
import { formatProblem } from '../../../src/config/problem.ts'
import { loaded, problems, SMALLEST } from '../../helpers/config.ts'

const ECR = '111122223333.dkr.ecr.eu-west-1.amazonaws.com'
const SUBSCRIPTION = '11111111-2222-4333-8444-555555555555'
const withEntry = (entry: string): string => SMALLEST.replace('git:', `  other: { ${entry} }\ngit:`)

describe('scan:', () => {
  it.each<[string, unknown]>([
    [`host: ${ECR}, pull: aws, scan: ecr`, 'ecr'],
    [`host: ${ECR}, pull: aws, scan: inspector2`, 'inspector2'],
    ['host: harbor.example.com, pull: { username: robot, password: env:P }, scan: harbor', 'harbor'],
    ['host: quay.io, scan: quay', 'quay'],
    ['host: quay.io, scan: { quay: { token: env:QUAY } }', { quay: { token: 'env:QUAY' } }],
    [
      'host: europe-docker.pkg.dev, pull: google, scan: { artifact-analysis: { project: acme-prod } }',
      { 'artifact-analysis': { project: 'acme-prod' } },
    ],
    [
      `host: acme.azurecr.io, pull: azure, scan: { defender: { subscriptions: [${SUBSCRIPTION}] } }`,
      { defender: { subscriptions: [SUBSCRIPTION] } },
    ],
  ])('%s is taken', async (entry, scan) => {
    expect((await loaded(withEntry(entry))).loaded.config.registries['other']?.scan).toEqual(scan)
  })

  it.each([
    [`host: ${ECR}, scan: ecr`, 'pull: aws, which is missing'],
    [`host: ${ECR}, scan: inspector2`, 'pull: aws, which is missing'],
    ['host: registry.example.com, scan: ecr', 'private registries of ECR only'],
    [
      'host: europe-docker.pkg.dev, scan: { artifact-analysis: { project: acme-prod } }',
      'pull: google, which is missing',
    ],
    [
      `host: acme.azurecr.io, scan: { defender: { subscriptions: [${SUBSCRIPTION}] } }`,
      'pull: azure, which is missing',
    ],
    ['host: acme.azurecr.io, pull: azure, scan: { defender: { subscriptions: [acme] } }', 'GUID'],
    ['host: europe-docker.pkg.dev, pull: google, scan: { artifact-analysis: { project: A } }', 'project'],
    ['events: { type: acr, header: x-key, secret: env:A }, scan: quay', 'host'],
    ['host: quay.io, scan: clair', 'ecr or inspector2'],
  ])('%s is refused', async (entry, text) => {
    const found = await problems(withEntry(entry))
    expect(found.map(formatProblem).join('\n')).toContain(text)
  })

  describe('in a second entry of its host', () => {
    const both = (first: string, second: string): string =>
      SMALLEST.replace('git:', `  first: { ${first} }\n  other: { ${second} }\ngit:`)

    it.each<[string, string, object]>([
      ['host: harbor.internal, insecure: true', 'host: harbor.internal, scan: harbor', { insecure: true }],
      ['host: harbor.internal, scan: harbor', 'host: harbor.internal, insecure: true', { insecure: true }],
      [`host: ${ECR}, pull: aws`, `host: ${ECR}, scan: ecr`, { pull: { aws: {} }, scan: 'ecr' }],
    ])('%s and %s: is asked as its host is read', async (first, second, expected) => {
      const { registries } = (await loaded(both(first, second))).loaded.config
      expect({ ...registries['first'], ...registries['other'] }).toMatchObject(expected)
      expect(registries['first']?.insecure).toBe(registries['other']?.insecure)
    })

    it('is refused where the way that its host is read is none for it', async () => {
      const found = await problems(both(`host: ${ECR}, insecure: false`, `host: ${ECR}, scan: ecr`))
      expect(found.map(formatProblem).join('\n')).toContain('pull: aws, which is missing')
    })
  })

  it.each<[string, readonly string[]]>([
    ['host: quay.internal, insecure: true, scan: { quay: { token: env:QUAY } }', ['unencrypted']],
    ['host: quay.internal, scan: { quay: { token: env:QUAY } }', []],
    ['host: quay.internal, insecure: true, scan: quay', []],
    ["host: 'localhost:5000', insecure: true, scan: { quay: { token: env:QUAY } }", []],
  ])('a token in plain HTTP is told: %s', async (entry, reasons) => {
    const { warnings } = await loaded(withEntry(entry))
    expect(warnings.map(({ reason }) => reason).filter((one) => one === 'unencrypted')).toEqual(reasons)
  })
})
