/** Fenced blocks of a document, with the heading that they stand under. */

export type Fence = { readonly heading: string; readonly language: string; readonly text: string }

export function fencesOf(markdown: string): readonly Fence[] {
  let heading = ''
  return [...markdown.matchAll(/^#+ (?<heading>.+)$|^```(?<language>\w*)\n(?<text>[\s\S]*?)^```$/gmu)].flatMap(
    ({ groups }) => {
      if (groups?.['heading'] !== undefined) heading = groups['heading']
      const { language, text } = groups ?? {}
      return text === undefined ? [] : [{ heading, language: language ?? '', text }]
    },
  )
}
