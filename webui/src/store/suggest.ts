// What may be meant while it is written: an emoji after :, a name after @, a room after #.

/** What is being written, from the mark on to the caret. */
export interface Token {
  mark: ':' | '@' | '#'
  from: number // index of the mark
  query: string // lower case, without the mark
}

export interface Choice {
  shown: string
  note: string // beside it; may be empty
  insert: string
}

/** What an emoji is called: tada. */
export type Named = readonly [name: string, emoji: string]

/** How many are offered. */
export const most = 8

/** The token in front of the caret; null when there is none. A clock time or a smiley is none. */
export function token(text: string, caret: number): Token | null {
  const m = /(?<![^\s(])(?::([a-z0-9_+-]{2,30})|([@#])([^\s@#:]{0,32}))$/i.exec(text.slice(Math.max(0, caret - 34), caret))
  if (!m) return null
  const mark = (m[2] ?? ':') as Token['mark']
  const query = (m[1] ?? m[3]).toLowerCase()
  return { mark, from: caret - query.length - 1, query }
}

/** Those whose name begins with the query, then those that have it inside; the order within is kept. */
export function matching<T>(all: Iterable<T>, query: string, name: (x: T) => string): T[] {
  const begins: T[] = []
  const holds: T[] = []
  for (const x of all) {
    const at = name(x).toLowerCase().indexOf(query)
    if (at === 0) begins.push(x)
    else if (at > 0 && query !== '') holds.push(x)
  }
  return [...begins, ...holds].slice(0, most)
}

/** The text with the token replaced, and where the caret stands then. */
export function taken(text: string, caret: number, t: Token, insert: string): { text: string, caret: number } {
  const space = text[caret] === ' ' ? '' : ' '
  return { text: text.slice(0, t.from) + insert + space + text.slice(caret), caret: t.from + insert.length + 1 }
}
