/** As whom a workload has an image run, whatever the image itself says: `securityContext` of Kubernetes. */

export type RunsAs = {
  /** For a person: `deployment/payments`. */
  readonly where: string
  /** The container's `runAsUser`, or else the pod's. Null: none is set there or nobody can know, so the image's own user decides. */
  readonly user: number | null
  /** `runAsNonRoot`: the kubelet starts no container as root, nor by a name that it would have to look up. */
  readonly mustNotBeRoot: boolean
}
