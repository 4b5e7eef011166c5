/** What one look at one thing came to, and looks that may hang. */

export type Finding = {
  /** `registry hub`, `clock`, `cluster dev` … */
  readonly what: string
  readonly state: 'well' | 'warning' | 'problem'
  /** What was found; never a secret. */
  readonly detail: string
  /** What to do about it. */
  readonly remedy?: string
}

export type Look = { readonly what: string; readonly run: () => Promise<readonly Finding[]> }

const LOOK_TIMEOUT_MS = 20_000

/** Never throws: what could not be looked at is a problem of its own. */
export async function look({ what, run }: Look): Promise<readonly Finding[]> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${LOOK_TIMEOUT_MS / 1_000} s`)), LOOK_TIMEOUT_MS)
  })
  try {
    return await Promise.race([run(), tooLate])
  } catch (error) {
    return [{ what, state: 'problem', detail: error instanceof Error ? error.message : 'unknown failure' }]
  } finally {
    clearTimeout(timer)
  }
}
