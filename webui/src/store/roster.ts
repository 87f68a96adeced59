// Who is in a room now. A snapshot replaces; a presence message changes, if it is the next one.
import type { Member, Presence, Roster as Snapshot } from '../mqtt/parse.ts'

export interface Roster {
  epoch: string // new at each start of the server
  rev: number // of the last presence message that is contained
  members: ReadonlyMap<string, Member>
  count: number // of all members; more than members holds when partial
  partial: boolean
}

/** The roster that a snapshot tells. It always replaces. */
export function replaced(s: Snapshot): Roster {
  const members = new Map(s.members.map((m) => [m.name, m] as const))
  return { epoch: s.epoch, rev: s.rev, members, count: s.count, partial: s.partial }
}

/** What a presence message makes of a roster: it is changed, knew that already, or has missed something and needs a snapshot. */
export function changed(r: Roster, p: Presence): { roster: Roster, is: 'changed' | 'known' | 'missed' } {
  if (r.epoch !== p.epoch) return { roster: r, is: 'missed' }
  if (p.rev <= r.rev) return { roster: r, is: 'known' }
  if (p.rev !== r.rev + 1) return { roster: r, is: 'missed' }
  const members = new Map(r.members)
  let count = r.count
  for (const m of p.join) {
    if (!members.has(m.name)) count++
    members.set(m.name, m)
  }
  for (const m of p.change) members.set(m.name, m)
  for (const name of p.leave) {
    count--
    members.delete(name)
  }
  return { roster: { ...r, rev: p.rev, members, count: Math.max(count, members.size) }, is: 'changed' }
}
