/** Opens the store that the configuration names: the embedded file, or a database that others use too. */

import type { StateConfig } from '../src/domain/config.ts'
import type { Log } from '../src/domain/log.ts'
import type { Secret, SecretReference } from '../src/domain/secret.ts'
import { openSqlite } from '../src/state/sqlite.ts'
import type { Damage, State } from '../src/state/state.ts'

export type Store = State & {
  /** Null: it answers, and this program may work with it. Absent where nothing but the disk can fail. */
  readonly problem?: () => Promise<string | null>
  close(): Promise<void> | void
}

export type StoreOptions = {
  readonly secretOf: (reference: SecretReference) => Secret
  readonly log: Log
  readonly now: () => number
  /** Another process wrote something that may be due. */
  readonly onNews: () => void
}

export async function openStore(config: StateConfig, { secretOf, log, now, onNews }: StoreOptions): Promise<Store> {
  const onDamage = ({ place, id, detail }: Damage): void => log.error('state damaged', { place, id, detail })
  if (typeof config === 'string') return openSqlite(config, { onDamage })
  // The driver is loaded by those who need it.
  const { openPostgres } = await import('../src/state/postgres.ts')
  const { postgres, connections } = config
  const onTrouble = (detail: string): void => log.warn('database connection lost', { detail })
  return openPostgres({ url: secretOf(postgres), connections, now, onDamage, onNews, onTrouble })
}
