/**
 * The diagram and the table of what a promotion goes through, drawn from the code: every state of two candidates at two stages is
 * gone through with the real `decide`, and each step that it takes is written down.
 */

import { PROMOTION_PHASES } from '../src/domain/promotion.ts'
import type { Line } from '../src/domain/line.ts'
import type { Note } from '../src/domain/history.ts'
import { explore, type Budget, type Step } from '../test/simulation/states/explore.ts'
import { WAYS } from '../test/simulation/states/model.ts'

/** Each is gone through to its end. */
const NOTHING: Budget = { pushes: 1, deaths: 0, changes: 0, hands: 0, acts: 0 }
const BUDGETS: readonly Budget[] = [
  { ...NOTHING, pushes: 2 },
  { ...NOTHING, acts: 1 },
  { ...NOTHING, changes: 1 },
  { ...NOTHING, hands: 1 },
]
const STATES_MAX = 20_000
const LABELS_MAX = 3
const BEGIN = '<!-- states: written by scripts/promotion-states.ts -->'
const END = '<!-- states: end -->'
const TIME = 'time'
const BEGINNING = 'offered'

/** How a promotion ends, as its history says; what comes first says more. */
const ENDS: readonly Note['kind'][] = [
  'rejected',
  'distrusted',
  'expired',
  'superseded',
  'withdrawn',
  'would-deliver',
  'rolled-back',
  'healthy',
]
const ORDER: readonly string[] = [BEGINNING, ...PROMOTION_PHASES, 'healthy', ...ENDS]

type Edge = { readonly from: string; readonly to: string; readonly labels: Set<string> }

/** The page with what is between its marks written anew. */
export function withStates(page: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin === -1 || end < begin) throw new Error(`docs/promotion.md has lost its marks ${BEGIN} and ${END}`)
  return `${page.slice(0, begin)}${BEGIN}\n\n${describeStates()}\n${page.slice(end)}`
}

function describeStates(): string {
  const edges = edgesOf()
  const table = edges.map(({ from, to, labels }) => `| ${from} | ${to} | ${[...labels].toSorted().join(' · ')} |`)
  return [
    '```mermaid',
    'stateDiagram-v2',
    ...PROMOTION_PHASES.map((phase) => `  state "${phase}" as ${nameOf(phase)}`),
    ...edges.map(({ from, to, labels }) => `  ${sourceOf(from)} --> ${nameOf(to)}: ${shortOf(labels)}`),
    ...endsOf(edges).map((end) => `  ${nameOf(end)} --> [*]`),
    '```',
    '',
    '| from | to | when |',
    '|---|---|---|',
    ...table,
    '',
  ].join('\n')
}

function edgesOf(): readonly Edge[] {
  const edges = new Map<string, Edge>()
  const onStep = (step: Step): void => {
    for (const { from, to, stage } of movesOf(step)) {
      const key = `${from} ${to}`
      const edge = edges.get(key) ?? { from, to, labels: new Set() }
      edges.set(key, edge)
      edge.labels.add(labelOf(step, stage))
    }
  }
  for (const way of WAYS) for (const budget of BUDGETS) explore({ way, budget, statesMax: STATES_MAX, onStep })
  // What time alone does is done by whatever comes first when the time has come.
  for (const { labels } of edges.values()) if (labels.has(TIME)) keepOnly(labels, TIME)
  const place = (name: string): number => ORDER.indexOf(name)
  return [...edges.values()].toSorted((a, b) => place(a.from) - place(b.from) || place(a.to) - place(b.to))
}

function keepOnly(labels: Set<string>, label: string): void {
  labels.clear()
  labels.add(label)
}

type Change = { readonly from: string; readonly to: string; readonly stage: string }

function movesOf({ before, document, notes }: Step): Change[] {
  if (before.kind !== 'line' || document.kind !== 'line') return []
  return Object.keys(document.stages).flatMap((stage) => movesAt(stage, before, document, notes))
}

function movesAt(stage: string, before: Line, after: Line, notes: readonly Note[]): Change[] {
  const was = before.stages[stage]?.promotion
  const is = after.stages[stage]?.promotion
  if (was?.id === is?.id)
    return was === undefined || is === undefined || was.phase === is.phase
      ? []
      : [{ from: was.phase, to: is.phase, stage }]
  const opened = is === undefined ? [] : [{ from: BEGINNING, to: is.phase, stage }]
  if (was === undefined) return opened
  const kinds = notes.filter(({ promotion }) => promotion === was.id).map(({ kind }) => kind)
  const end = ENDS.find((kind) => kinds.includes(kind))
  return end === undefined ? opened : [{ from: was.phase, to: end, stage }, ...opened]
}

/** What led there, in words. */
function labelOf({ input, isNewConfig, before }: Step, stage: string): string {
  if (isNewConfig && before.config !== '') return 'another configuration'
  switch (input.kind) {
    case 'offer':
      return 'a push'
    case 'tick':
      return TIME
    case 'claim':
      return 'right before the act'
    case 'vote':
      return input.vote.decision === 'approve' ? 'approved' : 'rejected'
    case 'message':
      return input.message.kind === 'carried' ? `pull request: ${input.message.news.state}` : input.message.kind
    case 'answer': {
      const effect = before.effects.find(({ id }) => id === input.effect)
      if (effect !== undefined && 'stage' in effect && effect.stage !== stage) return 'news of the stage before'
      const { answer } = input
      if (answer.kind === 'verdict') return answer.verdict.state
      if (answer.kind === 'found') return 'the first look'
      return `${effect?.kind}: ${answer.kind === 'failed' ? answer.reason : answer.kind}`
    }
    default:
      return `\`${input.kind}\` by a person`
  }
}

function sourceOf(name: string): string {
  return name === BEGINNING ? '[*]' : nameOf(name)
}

/** Names of states have no hyphens there. */
function nameOf(name: string): string {
  return name.replaceAll('-', '_')
}

function shortOf(labels: ReadonlySet<string>): string {
  const all = [...labels].toSorted().map((label) => label.replaceAll('`', '').replace(':', ''))
  return all.length <= LABELS_MAX ? all.join(', ') : `${all.slice(0, LABELS_MAX).join(', ')}, …`
}

function endsOf(edges: readonly Edge[]): readonly string[] {
  const phases = new Set<string>(PROMOTION_PHASES)
  return [...new Set(edges.map(({ to }) => to))].filter((to) => !phases.has(to))
}
