/** The receivers that a configuration names. Of this folder alone, so that who only takes events in loads nothing that delivers. */

import type { Http } from '../clients/http.ts'
import type { Config } from '../domain/config.ts'
import { createEach } from './create-each.ts'
import { createGitHooks } from './git-hook.ts'
import { receiverTypes } from './index.ts'
import type { Receiver, SecretOf } from './receiver.ts'

/** By the registry's name in the configuration; Git hosts by `git/` and theirs. */
export function createReceivers(config: Config, secretOf: SecretOf, http: Http): ReadonlyMap<string, Receiver> {
  const registries = createEach(config, (name) => receiverTypes.get(name), { secretOf, http })
  return new Map([...registries, ...createGitHooks(config, secretOf)])
}
