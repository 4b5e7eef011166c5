/** What an image's own manifest and configuration must show. Its labels are the builder's claims: they can fail an image, never prove who built it. */

import * as z from 'zod'
import { Duration } from './duration.ts'
import { parseImageReference } from './image.ts'

const LIST_MAX = 64
const TEXT_LENGTH_MAX = 1024
const MIB = 1024 * 1024
const UNIT_BYTES: Readonly<Record<string, number>> = {
  kB: 1_000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  KiB: 1024,
  MiB: MIB,
  GiB: 1024 * MIB,
}

/** `500 MB` or `1.5GiB`, as bytes. */
export const Size = z
  .string()
  .max(32)
  .regex(/^[0-9]{1,6}(?:\.[0-9]{1,3})? ?(?:kB|MB|GB|KiB|MiB|GiB)$/u, 'expected a size, such as 500MB or 1.5GiB')
  .transform((text) => {
    const unit = /[A-Za-z]+$/u.exec(text)?.[0] ?? ''
    return Math.floor(Number.parseFloat(text) * (UNIT_BYTES[unit] ?? 1))
  })

/** `10%`, as a number. */
export const Percent = z
  .string()
  .max(8)
  .regex(/^[0-9]{1,4}(?:\.[0-9]{1,2})?%$/u, 'expected a percentage, such as 10%')
  .transform((text) => Number.parseFloat(text))

/** `linux/amd64` or `linux/arm64/v8`. */
export const Platform = z
  .string()
  .max(128)
  .regex(/^[a-z0-9._-]{1,32}\/[a-z0-9._-]{1,32}(?:\/[a-z0-9._-]{1,32})?$/u, 'expected os/architecture[/variant]')

/** An image that may be built upon: exactly this content. */
const BaseImage = z
  .string()
  .max(TEXT_LENGTH_MAX)
  .refine((text) => {
    const image = parseImageReference(text)
    return image.ok && image.value.digest !== null
  }, 'expected registry/repository@sha256:…')

const Expected = z.record(z.string().min(1).max(256), z.string().max(TEXT_LENGTH_MAX))

export const ImageRules = z.strictObject({
  platforms: z.array(Platform).min(1).max(LIST_MAX).optional().describe('Platforms that must be there.'),
  maximumSize: Size.optional().describe('Compressed, of the largest platform: `500MB`.'),
  maximumLayers: z.number().int().min(1).max(1_000).optional().describe('Layers, of each platform.'),
  maximumGrowth: Percent.optional().describe('Against the image that runs there, platform by platform: `10%`.'),
  notRoot: z
    .literal(true)
    .optional()
    .describe("The image's user is a number other than 0, or the workload sets one: as `runAsNonRoot` of Kubernetes."),
  bases: z
    .array(BaseImage)
    .min(1)
    .max(LIST_MAX)
    .optional()
    .describe('`registry/repository@sha256:…` that it may be built upon: its layers must begin with theirs.'),
  labels: Expected.optional().describe('Labels that must be there; `*` takes any text but none.'),
  annotations: Expected.optional().describe(
    'Annotations of the manifest or index that must be there; `*` takes any text but none.',
  ),
  minimumAge: Duration.optional().describe('How long we must have known that the tag points at this content: `1h`.'),
})
export type ImageRules = Readonly<z.infer<typeof ImageRules>>
