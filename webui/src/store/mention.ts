// Whom a text speaks to: the server's rule (bridge/mention.go), held to the same answers by shared cases (bridge/testdata/mentions.json).
import { fold } from './fold.ts'

/** Behind an @ in a room, this is all who read there. */
export const everybody = 'room'

/** A fenced piece of code: its language and its lines. */
export const fence = /(?<=^|\n)```([\w+-]{0,20})[ \t]*\n(?:([\s\S]*?)\n)?```[ \t]*(?:\n|$)/g

const most = 16 // @ of one text that are looked at

/** The longest of some names that a text begins with, as it is written there; empty: none. Names are given by their folds. */
export function named(text: string, names: ReadonlySet<string>): string {
  let name = /^[^\s@][^\n@]{0,31}/u.exec(text)?.[0] ?? ''
  while (name !== '' && (/\s$/.test(name) || /^[\p{L}\p{M}\p{N}_]/u.test(text.slice(name.length, name.length + 2)) || !names.has(fold(name)))) name = name.slice(0, -1)
  return name
}

/** The folds of those whom a text speaks to; empty ones say nothing. Code and links speak to nobody. */
export function spokenTo(text: string, names: ReadonlySet<string>): string[] {
  const said = text.replace(fence, '\n').replace(/`[^`\n]+`|https?:\/\/[^\s<>"'`]+/g, '`')
  return [...said.matchAll(/(?<=([\p{L}\p{N}_]?))@/gu)].slice(0, most).map((m) => (m[1] ? '' : fold(named(said.slice(m.index + 1), names))))
}
