/** Which registries are a cloud's own, so that a cloud's credentials go nowhere else (CVE-2025-27403: they went where an image's name led). */

import { placeOf } from './ecr-place.ts'

/** Amazon's public gallery: one registry for everybody, its passwords are given in one region. */
export const ECR_PUBLIC = 'public.ecr.aws'

const GOOGLE = /^(?:(?:[a-z0-9-]+\.)?gcr\.io|(?:[a-z0-9-]+\.)+pkg\.dev|[a-z0-9-]+-docker\.pkg\.dev)$/u
/** Of the public cloud, China's and the US government's. */
const AZURE = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9-]+){0,2}\.azurecr\.(?:io|cn|us)$/u
const LOOPBACK = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]+)?$/u

export const CLOUDS = ['aws', 'google', 'azure'] as const
export type Cloud = (typeof CLOUDS)[number]

/** What a cloud's registries are called, for messages. */
export const CLOUD_HOSTS: Readonly<Record<Cloud, string>> = {
  aws: `a registry of ECR, such as 123456789012.dkr.ecr.eu-west-1.amazonaws.com, or ${ECR_PUBLIC}`,
  google: 'a registry of Google, such as europe-docker.pkg.dev or gcr.io',
  azure: 'a registry of Azure, such as acme.azurecr.io',
}

/** Emulators run on this machine; what goes there has left nothing. */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.test(host)
}

export function isHostOf(cloud: Cloud, host: string): boolean {
  switch (cloud) {
    case 'aws':
      return host === ECR_PUBLIC || placeOf(host) !== null
    case 'google':
      return GOOGLE.test(host)
    case 'azure':
      return AZURE.test(host)
  }
}
