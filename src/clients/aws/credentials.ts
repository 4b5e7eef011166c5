/** Keys that sign requests to AWS, and where a process finds its own. */

export type AwsCredentials = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** With keys that expire: it goes along, signed. */
  readonly sessionToken?: string
}

/** Asked for at each request: keys expire. Throws `RetryLater` where there are none now. */
export type AwsCredentialsOf = () => Promise<AwsCredentials>

type Environment = Readonly<Record<string, string | undefined>>

/** Null where the environment names none. A Lambda function's stand there for as long as it runs. */
export function environmentCredentials(env: Environment): AwsCredentials | null {
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = env
  if (accessKeyId === '' || secretAccessKey === '') return null
  const sessionToken = env['AWS_SESSION_TOKEN'] ?? ''
  return { accessKeyId, secretAccessKey, ...(sessionToken === '' ? {} : { sessionToken }) }
}
