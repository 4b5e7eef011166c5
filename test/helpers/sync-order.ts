/** Reads what strace saw, and says which acknowledgements left before what they acknowledge was on the disk. */

export type SyncOrder = {
  readonly acknowledgements: number
  readonly syncs: number
  readonly tooEarly: readonly string[]
}

/** What to run before a program: `-y` names the file of each descriptor. */
export function straceCommand(traceFile: string): readonly [program: string, ...args: string[]] {
  return ['strace', '-f', '-y', '-s', '64', '-e', 'trace=write,writev,pwrite64,fsync,fdatasync', '-o', traceFile]
}

/**
 * An acknowledgement is too early where the log has writes that were not synced since, or was not synced at all since
 * the acknowledgement before: right for a program that does one thing after the other.
 */
export function syncOrder(trace: string, isAcknowledgement: (call: string) => boolean): SyncOrder {
  let [acknowledgements, syncs, syncsSince, isDirty] = [0, 0, 0, false]
  const tooEarly: string[] = []
  for (const call of trace.split('\n')) {
    if (/ p?write(?:v|64)?\(\d+<[^>]*-wal>/u.test(call)) isDirty = true
    if (/ f(?:data)?sync\(\d+<[^>]*-wal>\)\s+= 0/u.test(call)) {
      ;[isDirty, syncs, syncsSince] = [false, syncs + 1, syncsSince + 1]
    }
    if (!isAcknowledgement(call)) continue
    if (isDirty || syncsSince === 0) tooEarly.push(call)
    acknowledgements += 1
    syncsSince = 0
  }
  return { acknowledgements, syncs, tooEarly }
}
