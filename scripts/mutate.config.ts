/** Vitest for one mutant: its file is served changed, and nothing on the disk is touched. */

import { relative } from 'node:path'
import { defineConfig } from 'vitest/config'
import type { Mutant } from './mutants.ts'

const MUTANT = process.env['DRAYAGE_MUTANT']
const mutant = MUTANT === undefined ? null : (JSON.parse(MUTANT) as Mutant)

export default defineConfig({
  plugins: [
    {
      name: 'mutant',
      enforce: 'pre',
      transform(code, id) {
        if (mutant === null || relative(process.cwd(), id) !== mutant.file) return null
        const { start, end, text, was } = mutant
        if (code.slice(start, end) !== was) throw new Error(`${mutant.file} is not what was parsed`)
        return `${code.slice(0, start)}${text}${code.slice(end)}`
      },
    },
  ],
  test: {
    globalSetup: ['test/helpers/temporary.ts'],
    include: ['test/unit/{verification/**/*,cli/{trust,verify}}.test.ts'],
    testTimeout: 20_000,
    // The file on the disk stays as it is, so what was kept of it is not what is meant here.
    fsModuleCache: false,
    bail: 1,
    maxWorkers: 1,
    reporters: [{ onTestRunEnd: (_modules, _errors, reason) => void process.stdout.write(`the run ${reason}\n`) }],
  },
})
