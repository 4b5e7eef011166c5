/**
 * For esbuild: the modules of Node that workerd has too. Libraries that are CommonJS ask for them by `require`, which a module
 * does not have; here each becomes an import of `node:…`.
 */

import type { Plugin } from 'esbuild'

/** What `@sigstore/*` asks for. Another one fails the build, so that it is seen. */
const AVAILABLE = ['buffer', 'crypto', 'util']
const NAMES = new RegExp(`^(?:node:)?(?:${AVAILABLE.join('|')})$`, 'u')
const NAMESPACE = 'worker-modules'

export const workerModules: Plugin = {
  name: NAMESPACE,
  setup(builder) {
    builder.onResolve({ filter: new RegExp(NAMES.source) }, ({ path, kind, namespace }) => {
      const name = `node:${path.replace(/^node:/u, '')}`
      // The module itself, from our stand-in or from an import: left to the platform.
      if (namespace === NAMESPACE || kind !== 'require-call') return { path: name, external: true }
      return { path: name, namespace: NAMESPACE }
    })
    builder.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({
      contents: `export * from ${JSON.stringify(path)}; export { default } from ${JSON.stringify(path)}`,
    }))
  },
}
