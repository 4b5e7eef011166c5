/** What is opened in an order is closed in the other one, also where the opening fails on its way. */

type Step = () => Promise<void> | void
export type OnClose = (step: Step) => void

/** Throws what `open` throws, with all that was opened closed again. */
export async function closing<T>(open: (onClose: OnClose) => Promise<T>): Promise<T & { stop(): Promise<void> }> {
  const opened: Step[] = []
  const stop = async (): Promise<void> => {
    for (const step of opened.splice(0).toReversed()) await step()
  }
  try {
    return { ...(await open((step) => void opened.push(step))), stop }
  } catch (error) {
    await stop()
    throw error
  }
}
