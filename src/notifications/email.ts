/** News by e-mail, over SMTP: for Node only, since the other platforms open no such connection. */

import { createTransport } from 'nodemailer'
import { err, ok, type Result } from '../domain/result.ts'
import { RetryLater } from '../domain/retry.ts'
import type { Secret } from '../domain/secret.ts'
import { escapeForTerminal } from '../escape.ts'
import type { Notice } from '../domain/notice.ts'
import type { Notifier, NotifyFailure } from './notifier.ts'

const TIMEOUT_MS = 10_000
const SUBJECT_LENGTH_MAX = 200

export type EmailOptions = {
  /** `smtps://user:password@host`, or `smtp://host:587`, which must then turn to TLS, but for loopback. */
  readonly server: Secret
  readonly from: string
  readonly to: readonly string[]
}

export function createEmailNotifier({ server, from, to }: EmailOptions): Notifier {
  return {
    async notify(notice) {
      const [text] = await server()
      const url = URL.canParse(text) ? new URL(text) : null
      if (url === null || !/^smtps?:$/u.test(url.protocol)) {
        const detail = 'e-mail: the secret holds no server, expected smtps://user:password@host'
        return err({ reason: 'address-not-allowed', detail })
      }
      const transport = createTransport(transportOf(url))
      try {
        await transport.sendMail(mailOf(notice, from, to))
        return ok(null)
      } catch (error) {
        return answerOf(error)
      } finally {
        transport.close()
      }
    },
  }
}

function transportOf(url: URL) {
  const isTls = url.protocol === 'smtps:'
  const isLoopback = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/u.test(url.hostname)
  return {
    host: url.hostname.replaceAll(/[[\]]/gu, ''),
    port: url.port === '' ? (isTls ? 465 : 587) : Number(url.port),
    secure: isTls,
    // A password must not cross the network in the clear, whatever the server offers.
    requireTLS: !isTls && !isLoopback,
    ...(url.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

/** Plain text: nothing in it can be anything else. The same news has the same Message-ID. */
function mailOf({ id, title, detail, image, promotion, by, at }: Notice, from: string, to: readonly string[]) {
  const lines = [detail, ...(image === null ? [] : [image]), ...(by === null ? [] : [`by ${by}`])]
  const details = promotion === null ? [] : ['', `promotion ${promotion}`]
  return {
    from,
    to: [...to],
    subject: escapeForTerminal(`Drayage: ${title}`).slice(0, SUBJECT_LENGTH_MAX),
    text: [...lines, ...details].map(escapeForTerminal).join('\n'),
    date: new Date(at),
    messageId: `<${encodeURIComponent(id)}@drayage>`,
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

/** 5xx is the server's last word (RFC 5321, 4.2.1). Its text may quote what was sent, so only the code is told. */
function answerOf(error: unknown): Result<never, NotifyFailure> {
  const { code, responseCode } = shapeOf(error)
  if (responseCode >= 500 || code === 'EAUTH') {
    return err({
      reason: 'refused',
      detail: `e-mail: the server refused it (${code} ${responseCode}): check its user, from and to`,
    })
  }
  throw new RetryLater(`e-mail could not be sent (${code})`)
}

function shapeOf(error: unknown): { readonly code: string; readonly responseCode: number } {
  const known = error instanceof Error ? (error as { code?: unknown; responseCode?: unknown }) : {}
  return {
    code: typeof known.code === 'string' ? known.code : 'unknown',
    responseCode: typeof known.responseCode === 'number' ? known.responseCode : 0,
  }
}
