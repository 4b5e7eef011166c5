/** Alerts in PagerDuty: Events API v2, one alert for each subscription and stage, resolved when that is healthy again. */

import type { Http } from '../clients/http.ts'
import { ok } from '../domain/result.ts'
import type { Secret } from '../domain/secret.ts'
import type { Notice, Urgency } from '../domain/notice.ts'
import type { Notifier } from './notifier.ts'
import { post } from './post.ts'

const API = 'https://events.pagerduty.com/v2/enqueue'
const SUMMARY_LENGTH_MAX = 1_024
const KEY_LENGTH_MAX = 255
const SEVERITY: Readonly<Record<Urgency, string>> = { page: 'critical', warn: 'warning', tell: 'info' }

export type PagerDutyOptions = { readonly http: Http; readonly key: Secret; readonly api?: string }

/** What is only good to know raises no alert; what is well again resolves one. */
export function createPagerDutyNotifier({ http, key, api = API }: PagerDutyOptions): Notifier {
  return {
    async notify(notice) {
      if (notice.urgency === 'tell' && !notice.isWell) return ok(null)
      const [routingKey] = await key()
      const body = JSON.stringify({ routing_key: routingKey, dedup_key: keyOf(notice), ...eventOf(notice) })
      return post({ who: 'PagerDuty', url: api, body, http })
    },
  }
}

function keyOf({ subject }: Notice): string {
  return `drayage/${subject}`.slice(0, KEY_LENGTH_MAX)
}

function eventOf({ urgency, title, detail, image, promotion, by, subject, at, isWell }: Notice): object {
  if (isWell) return { event_action: 'resolve' }
  return {
    event_action: 'trigger',
    payload: {
      summary: title.slice(0, SUMMARY_LENGTH_MAX),
      source: 'drayage',
      severity: SEVERITY[urgency],
      timestamp: new Date(at).toISOString(),
      component: subject,
      custom_details: { detail, image, promotion, by },
    },
  }
}
