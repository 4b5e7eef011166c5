/** What `serverless.yml` puts into each function's environment, beside the secrets. Read without a shape: a webhook starts with it. */

const REQUIRED = [
  'AWS_REGION',
  'DRAYAGE_TABLE_DOCUMENTS',
  'DRAYAGE_TABLE_INBOX',
  'DRAYAGE_TABLE_JOURNAL',
  'DRAYAGE_QUEUE_URL',
] as const
const DAYS_MAX = 36_500

export type Variables = Readonly<Record<string, string | undefined>>
type Environment = Readonly<Record<(typeof REQUIRED)[number], string>>

/** Throws with all that is missing: the deployment is wrong, and says so at its start. */
export function readEnvironment(variables: Variables): Environment {
  const missing = REQUIRED.filter((name) => (variables[name] ?? '') === '')
  if (missing.length === 0) return variables as Environment
  throw new Error(`the function's environment lacks ${missing.join(', ')}: serverless.yml sets them`)
}

/** How long something is kept; undefined where nothing says so. */
export function daysOf(variables: Variables, name: string): number | undefined {
  const text = variables[name] ?? ''
  if (text === '') return undefined
  const days = Number(text)
  if (Number.isInteger(days) && days >= 1 && days <= DAYS_MAX) return days
  throw new Error(`expected ${name} to be a number of days, found ${JSON.stringify(text)}`)
}
