/** A managed cluster by its cloud's word: its own CA is trusted, no other, and the token goes along. */

import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { AccessOf } from '../../../../src/clients/cluster-credentials/access.ts'
import { createTransport } from '../../../../src/clients/kubernetes-client.ts'
import { CERTIFICATE, KEY } from '../../../helpers/cluster-tls.ts'

let seen: (string | undefined)[]
let url: string
let close: () => Promise<void>

beforeEach(async () => {
  seen = []
  const server = createServer({ key: KEY, cert: CERTIFICATE }, (request, response) => {
    seen.push(request.headers.authorization)
    response.writeHead(request.headers.authorization === 'Bearer old' ? 401 : 200).end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  close = async () => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
})
afterEach(() => close())

const ca = Buffer.from(CERTIFICATE).toString('base64')
const over = (access: AccessOf) => createTransport({ access }, { now: Date.now, readFile: async () => '' })
const read = { method: 'GET', path: '/version' } as const

it('is reached with the CA and the token that its cloud gave', async () => {
  expect(await over(async () => ({ server: url, ca, token: 'one' }))(read)).toMatchObject({ status: 200 })
  expect(seen).toEqual(['Bearer one'])
})

it('is not reached, and gets no token, where its certificate is by another CA', async () => {
  await expect(over(async () => ({ server: url, ca: null, token: 'CANARY' }))(read)).rejects.toThrow(
    /cannot be reached/u,
  )
  expect(seen).toEqual([])
})

it('is asked again with a new token where the old one was refused', async () => {
  const tokens = ['old', 'new']
  const access: AccessOf = async () => ({ server: url, ca, token: tokens.shift() ?? '' })
  expect(await over(access)(read)).toMatchObject({ status: 200 })
  expect(seen).toEqual(['Bearer old', 'Bearer new'])
})
