declare module 'cloudflare:workers' {
  import type { ObjectStorage } from '../../src/state/durable-object/document-object.ts'

  /** https://developers.cloudflare.com/durable-objects/api/base/ */
  export abstract class DurableObject<Env> {
    protected readonly ctx: { readonly storage: ObjectStorage }
    protected readonly env: Env
    constructor(ctx: { readonly storage: ObjectStorage }, env: Env)
  }
}

/** The configuration, as `drayage check --bundle` wrote it: its own module in what is deployed. */
declare module 'drayage-config' {
  const bundle: unknown
  export default bundle
}
