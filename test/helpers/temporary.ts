/** One folder for all that the tests write beside the checkout, removed when they end, however they end. */

import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** As the system's own: PostgreSQL runs as another user. */
const MODE = 0o1777

export default function setUp(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-tests-'))
  chmodSync(folder, MODE)
  process.env['TMPDIR'] = folder
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
