/** News in Microsoft Teams: an Adaptive Card to the address of a Workflow that posts to a channel. */

import type { Http } from '../clients/http.ts'
import type { Secret } from '../domain/secret.ts'
import { escapeForMarkdown } from '../escape.ts'
import type { Notice, Urgency } from '../domain/notice.ts'
import type { Notifier } from './notifier.ts'
import { post } from './post.ts'

const COLOUR: Readonly<Record<Urgency, string>> = { page: 'attention', warn: 'warning', tell: 'default' }

export function createTeamsNotifier(http: Http, url: Secret): Notifier {
  return {
    async notify(notice) {
      const [address] = await url()
      return post({ who: 'Microsoft Teams', url: address, body: JSON.stringify(messageOf(notice)), http })
    },
  }
}

/** Text blocks take Markdown, so text from outside is a code span in each. */
function messageOf(notice: Notice): object {
  const { urgency, subject, kind, detail, image, by, isWell } = notice
  const facts = Object.entries({ image, by }).flatMap(([title, value]) => {
    return value === null ? [] : [{ title, value: escapeForMarkdown(value) }]
  })
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      textBlock(`${escapeForMarkdown(subject)} ${kind}`, {
        weight: 'bolder',
        size: 'medium',
        color: isWell ? 'good' : COLOUR[urgency],
      }),
      textBlock(escapeForMarkdown(detail), {}),
      ...(facts.length === 0 ? [] : [{ type: 'FactSet', facts }]),
    ],
  }
  const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }
  return { type: 'message', attachments: [attachment] }
}

function textBlock(text: string, look: Readonly<Record<string, string>>): object {
  return { type: 'TextBlock', text, wrap: true, ...look }
}
