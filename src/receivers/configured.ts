/** The receivers that a configuration names. Of this folder alone, so that who only takes events in loads nothing that delivers. */

import type { Http } from '../clients/http.ts'
import type { Config } from '../domain/config.ts'
import { receiverTypes } from './index.ts'
import type { Receiver, SecretOf } from './receiver.ts'

/** By the registry's name in the configuration. */
export function createReceivers(config: Config, secretOf: SecretOf, http: Http): ReadonlyMap<string, Receiver> {
  const receivers = new Map<string, Receiver>()
  for (const [name, { events, host }] of Object.entries(config.registries)) {
    if (events === undefined) continue
    const type = receiverTypes.get(events.type)
    if (type === undefined) throw new Error(`registry ${name}: there is no receiver of type ${events.type}`)
    receivers.set(name, type.create(type.Settings.parse(events), secretOf, http, host))
  }
  return receivers
}
