/** Vitest for mutants: the files that are judged are served with all of them inside, and nothing on the disk is touched. */

import { relative } from 'node:path'
import { defineConfig } from 'vitest/config'
import { mutantsOf, withSwitches } from './mutants.ts'
import { readPlan } from './mutate-plan.ts'

const { first, chosen } = readPlan()
const isChosen = new Set(chosen)

export default defineConfig({
  plugins: [
    {
      name: 'mutants',
      enforce: 'pre',
      transform(code, id) {
        const file = relative(process.cwd(), id)
        const number = first[file]
        if (number === undefined) return null
        const numbered = mutantsOf(file, code).map((mutant, index) => ({ mutant, id: number + index }))
        return withSwitches(
          code,
          numbered.filter((one) => isChosen.has(one.id)),
        )
      },
    },
  ],
  test: {
    globalSetup: ['test/helpers/temporary.ts'],
    runner: 'scripts/mutate-runner.ts',
    testTimeout: 10_000,
    // The file on the disk stays as it is, so what was kept of it is not what is meant here.
    fsModuleCache: false,
    // A change may loop for ever: its process is ended.
    pool: 'forks',
    maxWorkers: 1,
    reporters: [],
    // What a changed program leaves behind is no news.
    dangerouslyIgnoreUnhandledErrors: true,
  },
})
