/** Secrets in AWS's Parameter Store: `NAME` below one path. Read with the function's own role. */

import * as z from 'zod'
import { RetryLater } from '../../domain/retry.ts'
import type { AwsCall } from './call.ts'

const Answer = z.object({ Parameter: z.object({ Value: z.string() }) })

/** By name; undefined where there is no such parameter, or no path to look below. */
export function createParameters(
  call: AwsCall,
  path: string | undefined,
): (name: string) => Promise<string | undefined> {
  return async (name) => {
    if (path === undefined) return undefined
    const answer = await call('GetParameter', { Name: `${path}/${name}`, WithDecryption: true })
    if (answer.ok) return Answer.parse(answer.value).Parameter.Value
    if (answer.error.code === 'ParameterNotFound') return undefined
    throw new RetryLater(`the parameter ${path}/${name} cannot be read: ${answer.error.code}`)
  }
}
