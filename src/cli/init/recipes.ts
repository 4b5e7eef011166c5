/** Every receiver's recipe, by its type. */

import { hosted } from './hosted.ts'
import { pipelines } from './pipelines.ts'
import type { Recipe } from './recipe.ts'
import { selfHosted } from './self-hosted.ts'

export const recipes: ReadonlyMap<string, Recipe> = new Map(
  Object.entries({ ...hosted, ...selfHosted, ...pipelines }).toSorted(([a], [b]) => a.localeCompare(b)),
)
