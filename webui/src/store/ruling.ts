// What is told of rooms and rights, which is seldom: what a room is, what hosts decided about me, which private rooms are mine.
import { commas, list, t, untitled } from '../i18n/format.ts'
import { fields, parseRooms } from '../live.ts' // what is there already
import type { About, Act } from '../mqtt/parse.ts'
import { notForMe, type Places } from './places.ts'
import type { Server } from './server.ts'

interface Needs {
  me(): string
  places: Places
  server: Server
}

const mostNamed = 3

/** What rooms are called: a private one by its title, else by what it is about, else by who is in it besides me. */
function worded({ me, places }: Needs): (room: string) => string {
  return (room) => {
    const about = places.find(`room/${room}`)?.about.value
    const info = places.rooms.value.open.get(room)
    const title = about?.title || info?.title
    if (title || !(about?.hidden || places.isHidden(room))) return title ?? ''
    const topic = about?.topic || info?.topic
    if (topic) return topic
    const others = about?.members.filter((n) => n !== me()) ?? []
    if (others.length === 0) return untitled + t('room.private')
    return untitled + t('room.privateWith', { names: others.length > mostNamed ? `${commas(others.slice(0, mostNamed))}…` : list(others) })
  }
}

const text = (v: unknown) => (typeof v === 'string' ? v : '')
const count = (v: unknown) => (typeof v === 'number' && v > 0 ? v : 0)
const texts = (v: unknown): string[] => (Array.isArray(v) ? v : []).filter((x) => typeof x === 'string')

/** Takes what came on a room's about, or, without a room, the notice to everyone. */
export function topic(needs: Needs, room: string, v: unknown): void {
  const { places, server } = needs
  places.worded = worded(needs)
  if (room === '') server.acts.value = [...parseNotice(v), ...server.acts.value.filter((a) => a.what !== 'notice')]
  else {
    const a = parseAbout(v)
    if (a) described(places, room, a)
  }
}

/** Takes what came on the inbox. */
export function inbox(needs: Needs, f: Record<string, unknown>): void {
  const { places, server } = needs
  places.worded = worded(needs)
  if (f.type === 'rooms') places.hidden(parseRooms(f.rooms) ?? [])
  else if (f.type === 'host') server.host.value = f.host === true
  else if (f.type === 'account') erased(places, server, count(f.messages))
  else {
    const act: Act = { what: text(f.do), room: text(f.room), by: text(f.by), reason: text(f.reason), until: Date.parse(text(f.until)) || 0, text: text(f.text) }
    server.acts.value = [...server.acts.value.slice(-9), act]
    decided(places, act)
  }
}

/** All that I have said is erased: what was loaded of it goes, too. */
function erased(places: Places, server: Server, messages: number): void {
  server.acts.value = [...server.acts.value.slice(-9), { what: 'erased', room: '', by: '', reason: '', until: 0, text: String(messages) }]
  for (const c of places.all()) {
    c.forget()
    c.asked = false
  }
  void places.go(places.place.value)
}

export function parseAbout(v: unknown): About | undefined {
  const f = fields(v)
  const room = text(f?.room)
  if (!f || room === '') return undefined
  return {
    room, title: text(f.title), topic: text(f.topic), owner: text(f.owner), hosts: texts(f.hosts), hidden: f.private === true, members: texts(f.members),
    code: f.code === true, handout: f.handout === true, slow: count(f.slow), closed: f.closed === true, cleared: count(f.cleared), undo: f.undo === true,
    keep: f.keep,
  }
}

/** What the hosts tell everyone stands among what they decided; none when it was taken back. */
function parseNotice(v: unknown): Act[] {
  const f = fields(v)
  return f && text(f.text) !== '' ? [{ what: 'notice', room: '', by: text(f.by), reason: '', until: 0, text: text(f.text) }] : []
}

function described(places: Places, room: string, a: About): void {
  if (a.room !== room) return renamed(places, room, a.room)
  const c = places.conversation({ room })
  const was = c.about.value
  c.about.value = a
  c.barred.value = 0
  if (a.cleared >= (was?.cleared ?? 0)) {
    if (!c.log.value.some((m) => m.seq <= a.cleared)) return
    c.log.value = c.log.value.filter((m) => m.seq > a.cleared)
    c.mentions.value = c.mentions.value.filter((seq) => seq > a.cleared)
  } else if (c === places.current.value) { // it was taken back
    c.forget()
    c.asked = false
    void places.go(places.place.value)
  }
}

function decided(places: Places, { what, room, text: said }: Act): void {
  const c = places.find(`room/${room}`)
  if (what === 'rename') renamed(places, room, said)
  else if (c && ['remove', 'ban', 'close', 'dissolve'].includes(what)) c.barred.value = notForMe
  else if (c && what === 'invite' && places.rooms.value.joined.includes(room)) places.subscribe(room)
}

/** A room is called by another name now. */
function renamed(places: Places, room: string, to: string): void {
  if (!places.rooms.value.joined.includes(room) || to === '') return
  const open = places.current.value.key === `room/${room}`
  places.join(to)
  if (open) void places.go({ at: 'room', room: to, seq: 0 })
  places.leave(room)
}
