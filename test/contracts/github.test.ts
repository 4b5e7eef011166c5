/** The delivery contract, run by GitHub without a pull request, as an App. */

import { createHttp, type Http } from '../../src/clients/http.ts'
import { createGitHubDelivery } from '../../src/delivery/github.ts'
import { expect } from 'vitest'
import { startFakeGitHub } from '../helpers/fake-github.ts'
import { describeFileDelivery } from './delivery.contract.ts'

const http: Http = createHttp({ fetch: (url, init) => fetch(url, init), now: Date.now, random: () => 0 })

describeFileDelivery('GitHub without a pull request', async (repository, base) => {
  const github = await startFakeGitHub()
  github.addRepository('acme/gitops', repository)
  const delivery = createGitHubDelivery({
    git: { gitops: { github: 'acme/gitops', base, api: github.url, app: github.appId, key: 'env:KEY' } },
    secretOf: () => () => Promise.resolve([github.key]),
    http,
    now: Date.now,
    pause: () => Promise.resolve(),
  })
  return {
    delivery,
    close: async () => {
      await github.close()
      expect(github.violations).toEqual([])
    },
  }
})
