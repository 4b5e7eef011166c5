/** What it takes to reach an API server of a managed cluster, as the cloud says it now. */

export type Access = {
  /** `https://…`. */
  readonly server: string
  /** The cluster's own CA, PEM in base64 as kubeconfigs have it. Null: publicly trusted. */
  readonly ca: string | null
  /** A bearer token, good for the next minutes. */
  readonly token: string
}

/** Asked for anew each time; what is still good is kept inside. Throws `RetryLater` where the cloud does not give it now. */
export type AccessOf = () => Promise<Access>

/** Addresses and CAs of clusters change about never; somebody may have made the cluster anew, though. */
export const PLACE_KEPT_MS = 10 * 60_000
