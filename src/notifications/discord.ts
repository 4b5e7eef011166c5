/** News in Discord: an embed to a channel's webhook; nobody is mentioned whatever the text says. */

import type { Http } from '../clients/http.ts'
import type { Secret } from '../domain/secret.ts'
import { escapeForMarkdown } from '../escape.ts'
import type { Notice, Urgency } from '../domain/notice.ts'
import type { Notifier } from './notifier.ts'
import { post } from './post.ts'

const COLOUR: Readonly<Record<Urgency, number>> = { page: 0xb9_1c_1c, warn: 0xd9_77_06, tell: 0x6b_72_80 }
const COLOUR_WELL = 0x15_80_3d
const TITLE_LENGTH_MAX = 256

export function createDiscordNotifier(http: Http, url: Secret): Notifier {
  return {
    async notify(notice) {
      const [address] = await url()
      return post({ who: 'Discord', url: address, body: JSON.stringify(messageOf(notice)), http })
    },
  }
}

function messageOf({ urgency, subject, kind, detail, image, by, at, isWell }: Notice): object {
  const fields = Object.entries({ image, by }).flatMap(([name, value]) => {
    return value === null ? [] : [{ name, value: escapeForMarkdown(value.slice(0, 1_000)), inline: false }]
  })
  const embed = {
    title: `${escapeForMarkdown(subject)} ${kind}`.slice(0, TITLE_LENGTH_MAX),
    description: escapeForMarkdown(detail),
    color: isWell ? COLOUR_WELL : COLOUR[urgency],
    timestamp: new Date(at).toISOString(),
    fields,
  }
  return { allowed_mentions: { parse: [] }, embeds: [embed] }
}
