// Who came and who went, between the messages of a room. It is only what this page has seen; the log does not hold it.

/** One join or leave. */
export interface Coming {
  way: 'join' | 'leave'
  name: string
  device: boolean
  at: number // milliseconds
  after: number // seq of the newest message then; 0 before any
}

/** What one stretch between two messages comes to. */
export interface Note {
  joined: string[]
  left: string[]
  devicesJoined: string[]
  devicesLeft: string[]
}

/** A join and a leave of one name within this time are nothing, in either order. */
export const cancelWithin = 2 * 60_000

const most = 500 // comings kept in a room

/** Adds c; with the opposite of the same name within two minutes both are gone. */
export function add(all: readonly Coming[], c: Coming): readonly Coming[] {
  for (let i = all.length - 1; i >= 0; i--) {
    const old = all[i]
    if (c.at - old.at > cancelWithin) break
    if (old.name !== c.name) continue
    return old.way === c.way ? all : all.toSpliced(i, 1)
  }
  return all.length < most ? [...all, c] : [...all.slice(all.length - most + 1), c]
}

/** The notes by the seq that they stand after; people and devices apart, each name once in a list. */
export function notes(all: readonly Coming[]): Map<number, Note> {
  const out = new Map<number, Note>()
  for (const c of all) {
    let n = out.get(c.after)
    if (!n) out.set(c.after, (n = { joined: [], left: [], devicesJoined: [], devicesLeft: [] }))
    const list = c.device ? (c.way === 'join' ? n.devicesJoined : n.devicesLeft) : c.way === 'join' ? n.joined : n.left
    if (!list.includes(c.name)) list.push(c.name)
  }
  return out
}
