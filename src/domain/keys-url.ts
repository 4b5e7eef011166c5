/** Where an issuer's public keys are: https, or anything on this machine. */

import * as z from 'zod'

const URL_LENGTH_MAX = 2048
const LOOPBACK = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/u

export const KeysUrl = z
  .url({ protocol: /^https?$/u, error: 'expected https://host/path' })
  .max(URL_LENGTH_MAX)
  .refine((text) => isAllowed(URL.parse(text)), 'expected https://host/path without a name or password in it')

function isAllowed(url: URL | null): boolean {
  if (url === null) return false
  const isEncrypted = url.protocol === 'https:' || LOOPBACK.test(url.hostname)
  return isEncrypted && url.username === '' && url.password === ''
}
