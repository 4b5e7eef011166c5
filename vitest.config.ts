import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: ['test/helpers/temporary.ts'],
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    // Journeys mostly wait, for servers and for clocks: two at once also where there are two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 60_000,
    hookTimeout: 120_000,
    restoreMocks: true,
    // Real servers on a busy machine: a journey may need a second go there, never a third.
    retry: process.env['CI'] === undefined ? 0 : 1,
  },
})
