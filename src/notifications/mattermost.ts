/** News in Mattermost: a message to an incoming webhook. */

import type { Http } from '../clients/http.ts'
import type { Secret } from '../domain/secret.ts'
import { escapeForMarkdown } from '../escape.ts'
import type { Notifier } from './notifier.ts'
import { post } from './post.ts'

export function createMattermostNotifier(http: Http, url: Secret): Notifier {
  return {
    async notify({ subject, kind, detail, image, by }) {
      const [address] = await url()
      const lines = [
        `**${escapeForMarkdown(subject)} ${kind}**`,
        escapeForMarkdown(detail),
        ...(image === null ? [] : [escapeForMarkdown(image)]),
        ...(by === null ? [] : [`by ${escapeForMarkdown(by)}`]),
      ]
      return post({ who: 'Mattermost', url: address, body: JSON.stringify({ text: lines.join('\n') }), http })
    },
  }
}
