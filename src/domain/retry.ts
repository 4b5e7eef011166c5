/** The one error that means "try again later"; anything else that is thrown means the same, without a hint when. */

export class RetryLater extends Error {
  override readonly name = 'RetryLater'
  readonly retryAfterMs: number | undefined
  constructor(message: string, options: { retryAfterMs?: number | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.retryAfterMs = options.retryAfterMs
  }
}
