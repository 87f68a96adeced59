// The files of a conversation: what a search found, with what came since.
import type { Message } from '../mqtt/parse.ts'

/** The messages that bring a file, newest first: found ones, and those held; without what was deleted. */
export function withFiles(found: readonly Message[], held: readonly Message[], posted: readonly Message[]): Message[] {
  const all = new Map([...found, ...held].map((m) => [m.seq, m])) // what is held is as it is now
  for (const p of posted) if (p.kind === 'delete' && p.refseq !== undefined) all.delete(p.refseq)
  return [...all.values()].filter((m) => m.file && !m.deleted).sort((a, b) => b.seq - a.seq)
}
