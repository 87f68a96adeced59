// Who came and who went, between the messages of a room. It is only what this page has seen; the log does not hold it.

/** One join or leave. */
export interface Coming {
  way: 'join' | 'leave'
  name: string
  device: boolean
  at: number // milliseconds
  after: number // seq of the newest message then; 0 before any
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
