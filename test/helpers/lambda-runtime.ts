/** A program in place of Lambda's own: loads one function, and gives it one event after the other. Arguments: the module. */

type Invocation = { readonly id: number; readonly event: unknown; readonly timeoutMs: number }
type Handler = (event: unknown, context: { getRemainingTimeInMillis(): number }) => Promise<unknown>

const { handler } = (await import(process.argv[2] ?? '')) as { handler: Handler }

process.on('message', (message) => {
  const { id, event, timeoutMs } = message as Invocation
  const deadline = Date.now() + timeoutMs
  void handler(event, { getRemainingTimeInMillis: () => deadline - Date.now() }).then(
    (result) => process.send?.({ id, result }),
    (error: unknown) => process.send?.({ id, error: error instanceof Error ? error.message : String(error) }),
  )
})
process.on('disconnect', () => process.exit())
process.send?.({ ready: true })
