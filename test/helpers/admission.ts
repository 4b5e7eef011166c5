/** Our admission policy as an API server would judge by it, as far as CEL alone goes: evaluated with an npm evaluator, not by Kubernetes. */

import { readFileSync } from 'node:fs'
import { Environment, EvaluationError } from '@marcbachmann/cel-js'
import { parseAllDocuments } from 'yaml'
import * as z from 'zod'

const POLICY = 'infra/kubernetes/admission/policy.yaml'

const Rule = z.object({
  apiGroups: z.array(z.string()),
  operations: z.array(z.string()),
  resources: z.array(z.string()),
})
const Policy = z.object({
  kind: z.literal('ValidatingAdmissionPolicy'),
  spec: z.object({
    failurePolicy: z.literal('Fail'),
    matchConstraints: z.object({ resourceRules: z.array(Rule) }),
    matchConditions: z.array(z.object({ name: z.string(), expression: z.string() })),
    variables: z.array(z.object({ name: z.string(), expression: z.string() })),
    validations: z.array(z.object({ message: z.string(), expression: z.string() })),
  }),
})
const Binding = z.object({
  kind: z.literal('ValidatingAdmissionPolicyBinding'),
  spec: z.object({ policyName: z.string(), validationActions: z.array(z.string()) }),
})

export function readPolicy() {
  const [policy, binding] = parseAllDocuments(readFileSync(POLICY, 'utf8')).map((document): unknown => document.toJS())
  return { policy: Policy.parse(policy).spec, binding: Binding.parse(binding).spec }
}

/** What cannot be evaluated is refused: `failurePolicy: Fail`. */
function holds(evaluate: () => unknown): boolean {
  try {
    return evaluate() === true
  } catch (error) {
    if (error instanceof EvaluationError) return false
    throw error
  }
}

export type AdmissionRequest = {
  readonly user: string
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE'
  readonly object: unknown
  readonly oldObject: unknown
}

/** The messages of what is violated; null where the policy does not look at the request. */
export function judge({ user, operation, object, oldObject }: AdmissionRequest): readonly string[] | null {
  const { policy } = readPolicy()
  const environment = new Environment()
  for (const name of ['object', 'oldObject', 'request', 'variables']) environment.registerVariable(name, 'dyn')
  const request = { operation, userInfo: { username: user } }
  const variables: Record<string, unknown> = {}
  // Evaluated when they are asked for, as the API server does: many have no meaning where there is no object.
  for (const { name, expression } of policy.variables) {
    Object.defineProperty(variables, name, { enumerable: true, get: () => evaluate(expression) })
  }
  function evaluate(expression: string): unknown {
    return environment.evaluate(expression, { object, oldObject, request, variables })
  }
  if (!policy.matchConditions.every(({ expression }) => evaluate(expression) === true)) return null
  return policy.validations.filter(({ expression }) => !holds(() => evaluate(expression))).map(({ message }) => message)
}
