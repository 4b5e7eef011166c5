/** Alerts in Opsgenie: one for each subscription and stage by its alias, closed when that is healthy again. */

import type { Http } from '../clients/http.ts'
import { ok } from '../domain/result.ts'
import type { Secret } from '../domain/secret.ts'
import type { Notice, Urgency } from '../domain/notice.ts'
import type { Notifier } from './notifier.ts'
import { post } from './post.ts'

const API = 'https://api.opsgenie.com'
const MESSAGE_LENGTH_MAX = 130
const DESCRIPTION_LENGTH_MAX = 15_000
const ALIAS_LENGTH_MAX = 512
const PRIORITY: Readonly<Record<Urgency, string>> = { page: 'P1', warn: 'P3', tell: 'P5' }

/** `api`: `https://api.eu.opsgenie.com` for accounts in Europe. */
export type OpsgenieOptions = { readonly http: Http; readonly key: Secret; readonly api?: string }

export function createOpsgenieNotifier({ http, key, api = API }: OpsgenieOptions): Notifier {
  return {
    async notify(notice) {
      if (notice.urgency === 'tell' && !notice.isWell) return ok(null)
      const [genieKey] = await key()
      const alias = `drayage/${notice.subject}`.slice(0, ALIAS_LENGTH_MAX)
      const headers = { authorization: `GenieKey ${genieKey}` }
      if (notice.isWell) {
        const url = `${api}/v2/alerts/${encodeURIComponent(alias)}/close?identifierType=alias`
        return post({ who: 'Opsgenie', url, headers, body: JSON.stringify({ source: 'drayage' }), http })
      }
      const body = JSON.stringify({ alias, ...alertOf(notice) })
      return post({ who: 'Opsgenie', url: `${api}/v2/alerts`, headers, body, http })
    },
  }
}

function alertOf({ urgency, title, detail, image, promotion, by, subject }: Notice): object {
  const known = Object.entries({ image, promotion, by }).filter(([, value]) => value !== null)
  return {
    message: title.slice(0, MESSAGE_LENGTH_MAX),
    description: detail.slice(0, DESCRIPTION_LENGTH_MAX),
    entity: subject,
    source: 'drayage',
    priority: PRIORITY[urgency],
    details: Object.fromEntries(known),
  }
}
