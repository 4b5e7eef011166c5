/** What a platform gives to the journeys: the product, built and running, seen only from outside. */

export type PlatformOptions = {
  /** `drayage.yaml` as an object, without where to listen and where to keep state: those are the platform's own. */
  readonly config: Readonly<Record<string, unknown>>
  /** By name: what `env:NAME` means. */
  readonly secrets: Readonly<Record<string, string>>
  /** Beside `drayage.yaml`, by name: what it says `file:` of. */
  readonly files?: Readonly<Record<string, string>>
}

export type Platform = {
  /** Where registries post to: `${hooks}/hooks/<registry>`. May be another one after a restart. */
  readonly hooks: string
  /** Where people ask and act: `${api}/api/v1/…`. */
  readonly api: string
  /** Ends every process or isolate at once, without a word, and starts anew over the same state. */
  restart(): Promise<void>
  /** All that it wrote and that its platform logs of it, its requests included as far as these are seen here. */
  log(): string
  /** Ends all of it and forgets the state. */
  stop(): Promise<void>
}

export type StartPlatform = (options: PlatformOptions) => Promise<Platform>
