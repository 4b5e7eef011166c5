/** News as signed webhooks for whatever listens: Standard Webhooks 1.0.0, `v1`. https://www.standardwebhooks.com */

import type { Http } from '../clients/http.ts'
import type { Secret } from '../domain/secret.ts'
import type { Notice } from '../domain/notice.ts'
import type { Notifier } from './notifier.ts'
import { post } from './post.ts'

const PREFIX = 'whsec_'

export type WebhookOptions = {
  readonly http: Http
  readonly url: Secret
  /** `whsec_` and base64. While it is rotated, both sign. */
  readonly secret: Secret
  readonly now: () => number
}

export function createWebhookNotifier({ http, url, secret, now }: WebhookOptions): Notifier {
  return {
    async notify(notice) {
      const [address] = await url()
      const id = await idOf(notice)
      const timestamp = String(Math.floor(now() / 1_000))
      const body = JSON.stringify(bodyOf(notice))
      const signatures = await Promise.all((await secret()).map((value) => sign(value, `${id}.${timestamp}.${body}`)))
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': signatures.map((signature) => `v1,${signature}`).join(' '),
      }
      return post({ who: 'the webhook', url: address, headers, body, http })
    },
  }
}

/** Without dots or blanks, which divide what is signed. */
async function idOf({ id }: Notice): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(id)))
  return `msg_${[...hash.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

function bodyOf({ kind, at, id, isWell: _isWell, ...data }: Notice): object {
  return { type: `promotion.${kind}`, timestamp: new Date(at).toISOString(), data: { id, ...data } }
}

async function sign(secret: string, message: string): Promise<string> {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret
  const material = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  const key = await crypto.subtle.importKey('raw', material, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const signature = new Uint8Array(await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(message)))
  return btoa(String.fromCharCode(...signature))
}
