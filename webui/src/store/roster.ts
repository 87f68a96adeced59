// Who is in a room now. A snapshot replaces; a presence message changes, if it is the next one.
import type { Member, Presence, Roster as Snapshot } from '../mqtt/parse.ts'

export interface Roster {
  epoch: string // new at each start of the server
  rev: number // of the last presence message that is contained
  members: ReadonlyMap<string, Member>
  count: number // of all members; more than members holds when partial
  partial: boolean
}

export const nobody: Roster = { epoch: '', rev: -1, members: new Map(), count: 0, partial: false }

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

/** Adds members that were asked for, without touching those that are known. */
export function filled(r: Roster, more: readonly Member[]): Roster {
  const members = new Map(r.members)
  for (const m of more) if (!members.has(m.name)) members.set(m.name, m)
  return { ...r, members, partial: members.size < r.count }
}

/** People and devices apart, who is here before who is away, each in the order of the alphabet. */
export function groups(r: Roster, compare: (a: string, b: string) => number): { here: Member[], away: Member[], devices: Member[] } {
  const all = [...r.members.values()].sort((a, b) => compare(a.name, b.name))
  const people = all.filter((m) => m.kind === 'person')
  return {
    here: people.filter((m) => m.state === 'online'),
    away: people.filter((m) => m.state !== 'online'),
    devices: all.filter((m) => m.kind === 'device'),
  }
}
