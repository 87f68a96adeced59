// All devices that I can see: those in the rooms that I am in, each once.
import type { Member } from '../mqtt/parse.ts'
import { lastAt } from './age.ts'
import type { Conversation } from './conversation.ts'
import type { Device } from './devices.ts'

export interface Thing {
  name: string
  device: Device | undefined // none: it has shown no value
  member: Member | undefined // none: it is not here
  left: number // milliseconds when it went, as far as this page saw; 0: not known
  rooms: string[]
}

/** The devices of some rooms, by name. A device in several rooms is one, with the values that it told last. */
export function things(rooms: readonly Conversation[], compare: (a: string, b: string) => number): Thing[] {
  const all = new Map<string, Thing>()
  for (const c of rooms) {
    if (!('room' in c.to)) continue
    const { members } = c.roster.value
    const names = new Set([...members.values()].filter((m) => m.kind === 'device').map((m) => m.name))
    for (const name of c.devices.value.keys()) names.add(name)
    for (const name of names) {
      const device = c.devices.value.get(name)
      const old = all.get(name)
      const newer = !old?.device || (device && lastAt(device) > lastAt(old.device))
      all.set(name, {
        name, device: newer ? device : old?.device, member: members.get(name) ?? old?.member,
        left: Math.max(old?.left ?? 0, c.came.value.findLast((x) => x.name === name && x.way === 'leave')?.at ?? 0),
        rooms: [...(old?.rooms ?? []), c.to.room],
      })
    }
  }
  return [...all.values()].sort((a, b) => Number(!a.member) - Number(!b.member) || compare(a.name, b.name))
}
