/** The port of one-way news. It may come twice, with the same id; it delays nothing else. */

import type { Result } from '../domain/result.ts'
import type { Notice } from '../domain/notice.ts'

export type NotifyFailure = {
  readonly reason: 'refused' | 'address-not-allowed'
  /** With the remedy. Never the address: for most channels it is the secret. */
  readonly detail: string
}

/** Throws `RetryLater` where waiting may help. */
export type Notifier = { notify(notice: Notice): Promise<Result<null, NotifyFailure>> }
