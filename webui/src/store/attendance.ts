// Who is in a conversation, as it is told: by snapshots, and by who came and went between them.
import type { Presence, Roster as Snapshot } from '../mqtt/parse.ts'
import * as comings from './comings.ts'
import type { Conversation } from './conversation.ts'
import * as roster from './roster.ts'

const snapshotEvery = 5000 // milliseconds between two that are asked for; the server also sends them by itself

const missed = new WeakMap<Conversation, number>() // when a snapshot was last asked for

/** A snapshot of the roster came. */
export function takeRoster(c: Conversation, s: Snapshot): void {
  c.roster.value = roster.replaced(s)
}

/** Who came and went. It tells whether something was missed, so that a snapshot is needed. */
export function takePresence(c: Conversation, p: Presence, me: string, now: number): boolean {
  const before = c.roster.value
  const { roster: after, is } = roster.changed(before, p)
  c.roster.value = after
  if (is === 'known') return false
  let came = c.came.value
  const at = c.last.value
  for (const m of p.join) {
    if (m.name !== me && !before.members.has(m.name)) came = comings.add(came, { way: 'join', name: m.name, device: m.kind === 'device', at: now, after: at })
  }
  for (const name of p.leave) {
    const m = before.members.get(name)
    if (m && name !== me) came = comings.add(came, { way: 'leave', name, device: m.kind === 'device', at: now, after: at })
  }
  c.came.value = came
  if (is !== 'missed' || now - (missed.get(c) ?? 0) < snapshotEvery) return false
  missed.set(c, now)
  return true
}
