/** One step of an event's walk, as whoever takes it writes it down. */

import type { WalkStep } from './domain/walk.ts'

export type Step = (entry: Omit<WalkStep, 'at'>) => void
