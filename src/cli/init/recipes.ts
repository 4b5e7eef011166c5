/** Every receiver's recipe, by its type. */

import { clouds } from './clouds.ts'
import { hosted } from './hosted.ts'
import { pipelines } from './pipelines.ts'
import type { Recipe } from './recipe.ts'
import { selfHosted } from './self-hosted.ts'

export const recipes: ReadonlyMap<string, Recipe> = new Map(
  Object.entries({ ...clouds, ...hosted, ...selfHosted, ...pipelines }).toSorted(([a], [b]) => a.localeCompare(b)),
)
