/** Docker's own file of logins, and the secrets of Kubernetes that hold it. */

import { expect, it } from 'vitest'
import { loginIn } from '../../../src/clients/registry-credentials/docker-config.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const AUTH = base64('robot$ci:CANARY:with:colons')
const LOGIN = { kind: 'password', username: 'robot$ci', password: 'CANARY:with:colons' }
const config = (auths: object): string => JSON.stringify({ auths })
const secret = (data: object): string => JSON.stringify({ apiVersion: 'v1', kind: 'Secret', data })

it.each([
  ['by host', config({ 'ghcr.io': { auth: AUTH } }), 'ghcr.io', LOGIN],
  ['by host and port', config({ 'reg.example:5000': { auth: AUTH } }), 'reg.example:5000', LOGIN],
  ['by the URL of a version 1', config({ 'https://index.docker.io/v1/': { auth: AUTH } }), 'docker.io', LOGIN],
  ['by https', config({ 'https://ghcr.io': { auth: AUTH } }), 'ghcr.io', LOGIN],
  [
    'in its own fields',
    config({ 'ghcr.io': { username: 'a', password: 'b' } }),
    'ghcr.io',
    { kind: 'password', username: 'a', password: 'b' },
  ],
  [
    'padded with NUL',
    config({ 'ghcr.io': { auth: base64('a:b\0\0') } }),
    'ghcr.io',
    { kind: 'password', username: 'a', password: 'b' },
  ],
  [
    'as a token of OAuth2',
    config({ 'acme.azurecr.io': { auth: AUTH, identitytoken: 'CANARY' } }),
    'acme.azurecr.io',
    { kind: 'identity-token', token: 'CANARY' },
  ],
  ['in a secret', secret({ '.dockerconfigjson': base64(config({ 'ghcr.io': { auth: AUTH } })) }), 'ghcr.io', LOGIN],
  [
    'in a secret of the older type',
    secret({ '.dockercfg': base64(JSON.stringify({ 'ghcr.io': { auth: AUTH } })) }),
    'ghcr.io',
    LOGIN,
  ],
  [
    'before a helper',
    JSON.stringify({ auths: { 'ghcr.io': { auth: AUTH } }, credsStore: 'desktop' }),
    'ghcr.io',
    LOGIN,
  ],
])('finds a login %s', (_how, text, registry, login) => {
  expect(loginIn(text, registry)).toEqual({ ok: true, value: login })
})

it.each([
  ['another host', config({ 'evil-ghcr.io': { auth: AUTH } }), /no login for ghcr\.io/u],
  ['a host that ends the same', config({ 'x.ghcr.io': { auth: AUTH } }), /no login for ghcr\.io/u],
  ['a part of the host', config({ 'ghcr.io/acme': { auth: AUTH } }), /no login for ghcr\.io/u],
  [
    'a program',
    JSON.stringify({ auths: { 'ghcr.io': {} }, credsStore: 'desktop' }),
    /docker-credential-desktop, and Drayage runs no/u,
  ],
  [
    'a program for this host',
    JSON.stringify({ credHelpers: { 'ghcr.io': 'ecr-login' } }),
    /docker-credential-ecr-login/u,
  ],
  [
    'a token without an exchange',
    config({ 'ghcr.io': { registrytoken: 'CANARY' } }),
    /registrytoken is not supported/u,
  ],
  [
    'something else in place of the login',
    config({ 'ghcr.io': { auth: base64('CANARY') } }),
    /not a name and a password/u,
  ],
  ['no JSON', 'CANARY', /no config\.json/u],
  ['another secret', secret({ password: base64('CANARY') }), /no config\.json/u],
])('says what it found instead of a login: %s', (_what, text, reason) => {
  const found = loginIn(text, 'ghcr.io')
  expect(found).toEqual({ ok: false, error: expect.stringMatching(reason) })
  expect(JSON.stringify(found)).not.toContain('CANARY')
})
