// The members of a room as they stand in a list.
import type { Member } from '../mqtt/parse.ts'
import type { Roster } from './roster.ts'

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
