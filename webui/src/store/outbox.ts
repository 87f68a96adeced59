// What I have written and what became of it. An entry lives until the server has it; it keeps its id however often it is sent, so
// that sending twice shows it once.
import type { Ref } from './reply.ts'

/** Where a message goes. */
export type To = { room: string } | { user: string }

/** What is done to a message, as an entry of the log. */
export interface Change extends Ref {
  kind: 'edit' | 'delete' | 'react' | 'vote'
  undo?: boolean // of a react or a vote: it takes one back
  choice?: readonly number[] // of a vote
}

/** What can be chosen in a poll. */
export interface Poll {
  options: readonly string[]
  multiple: boolean
  closes: number // minutes; 0: not by itself
}

/** A file that a message brings. Until it is uploaded the message waits, and holds back no other. */
export interface Attached {
  name: string
  type: string
  size: number // bytes
  width: number // of a picture, in pixels; 0: not known
  height: number
  upload: string // what the server calls it, when it is there; empty before
  preview: string // the same of a smaller picture, if there is one
  at: string // path of the upload under way; empty: not begun
  print: string // of some of its bytes: which file it is, if it has to be chosen again
}

/** Nothing is known of it. */
export const noFile: Attached = { name: '', type: '', size: 0, width: 0, height: 0, upload: '', preview: '', at: '', print: '' }

export interface Entry {
  id: string
  to: To
  text: string
  file?: Attached
  about?: Change // it is no message, but changes one
  re?: Ref // what it answers
  poll?: Poll // it asks
  from: string // whose it is: another name on this browser does not send it
  at: number // milliseconds; when it was written
  state: 'waiting' | 'sending' | 'kept' | 'failed'
  seq: number // its place once the server has it (kept), until the room brings it; 0 before
  code: number // reason code of the refusal; 0: none
  why: string // the sentence of the refusal, or of what it waits for; empty: none
  user?: Record<string, string> // the word of the refusal, and what its sentence speaks of
  again: number // milliseconds; what the server does not take now is not sent before; 0: at once
  tab: string // the tab that sends it
  lease: number // milliseconds; until when that tab is taken to be alive
}

/** In the order of writing. */
export type Outbox = readonly Entry[]

/** How long a tab's rows are its own after its last sign of life. */
export const leaseFor = 10_000

/** Files sent within this time, in milliseconds, come in their order: none waits for one that was sent earlier. */
const together = 500

/** Longest text of a message, in bytes of UTF-8. */
export const longest = 8 * 1024

const encoder = new TextEncoder()

/** How many bytes text is too long; 0 if it may be sent. */
export function tooLong(text: string): number {
  if (text.length * 3 <= longest) return 0
  return Math.max(0, encoder.encode(text).length - longest)
}

/** Whether two places are the same conversation. */
export function same(a: To, b: To): boolean {
  return 'room' in a ? 'room' in b && a.room === b.room : 'user' in b && a.user === b.user
}

/** Adds e at the end; an id that is there already changes nothing. */
export function written(box: Outbox, e: Entry): Outbox {
  return box.some((o) => o.id === e.id) ? box : [...box, e]
}

/**
 * Those to send now: of each conversation the first that waits, mine and of this tab. The next one goes when it is answered, so that
 * their order stands whatever becomes of it.
 */
export function due(box: Outbox, tab: string, from: string, now: number): Entry[] {
  const busy = new Set<string>()
  const uploading = new Map<string, number>() // when the last of those was written whose file is not there yet, by conversation
  const out: Entry[] = []
  for (const e of box) {
    if (e.tab !== tab || e.from !== from || (e.state !== 'waiting' && e.state !== 'sending')) continue
    const to = JSON.stringify(e.to)
    if (e.file?.upload === '') uploading.set(to, e.at)
    if (e.file && e.at - (uploading.get(to) ?? -Infinity) < together) continue
    if (busy.has(to)) continue
    busy.add(to)
    if (e.state === 'waiting' && e.again <= now) out.push(e)
  }
  return out
}

/** Marks an entry as on its way. */
export function sending(box: Outbox, id: string): Outbox {
  return change(box, id, (e) => (e.state === 'waiting' ? { ...e, state: 'sending', code: 0, why: '', again: 0 } : e))
}

/** The server has it and told its place. It stays at the end until the room brings it, so that nothing jumps. */
export function kept(box: Outbox, id: string, seq: number): Outbox {
  return change(box, id, (e) => ({ ...e, state: 'kept', seq, code: 0, why: '' }))
}

/** The room brought it: the entry is done with, whether or not the acknowledgement came before. */
export function arrived(box: Outbox, id: string): Outbox {
  return box.some((e) => e.id === id) ? box.filter((e) => e.id !== id) : box
}

/** The connection ended before the answer: what was under way waits again, in its old place. */
export function lost(box: Outbox, id: string): Outbox {
  return change(box, id, (e) => (e.state === 'sending' ? { ...e, state: 'waiting' } : e))
}

/** The server does not take it now and says why (rate, full disk): it waits and is tried again then. */
export function held(box: Outbox, id: string, code: number, why: string, again: number): Outbox {
  return change(box, id, (e) => ({ ...e, state: 'waiting', code, why, again }))
}

/** The server does not take it. It stays where it was written, with the reason, until it is edited, tried again or discarded. */
export function refused(box: Outbox, id: string, code: number, why: string, user?: Record<string, string>): Outbox {
  return change(box, id, (e) => ({ ...e, state: 'failed', code, why, user }))
}

/** Try again: under the same id, for it was never stored. */
export function again(box: Outbox, id: string): Outbox {
  return change(box, id, (e) => (e.state === 'failed' ? { ...e, state: 'waiting', code: 0, why: '', again: 0 } : e))
}

/** Something is known about the file of a message. */
export function attached(box: Outbox, id: string, more: Partial<Attached>): Outbox {
  return change(box, id, (e) => (e.file ? { ...e, file: { ...e.file, ...more } } : e))
}

/** Takes an entry out: discarded, or taken back into the field to be edited. */
export function discarded(box: Outbox, id: string): Outbox {
  return arrived(box, id)
}

/** Whether a refusal of this kind passes by itself: too fast or busy (0x83), receive maximum, quota (disk full), server busy or unavailable. */
export function passing(code: number): boolean {
  return code === 0x83 || code === 0x96 || code === 0x93 || code === 0x97 || code === 0x88 || code === 0x89
}

/** What of the stored entries this tab has to send: its own from before a reload, and those of tabs that have died. */
export function adopted(stored: readonly Entry[], box: Outbox, tab: string, from: string, now: number): Entry[] {
  return stored
    .filter((e) => e.from === from && (e.tab === tab || e.lease <= now) && !box.some((o) => o.id === e.id))
    .map((e) => ({ ...e, tab, lease: now + leaseFor }))
}

/** Puts adopted entries in their place, by the time of writing. */
export function joined(box: Outbox, more: readonly Entry[]): Outbox {
  return more.length === 0 ? box : [...more, ...box].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
}

/** Renews this tab's lease on its entries, when half of it is gone. */
export function renewed(box: Outbox, now: number): Outbox {
  if (box.every((e) => e.lease - now > leaseFor / 2)) return box
  return box.map((e) => ({ ...e, lease: now + leaseFor }))
}

/** Without the entries that another, living tab has taken over while this one slept; what is on its way stays until it is answered. */
export function without(box: Outbox, stored: readonly Entry[], tab: string, now: number): Outbox {
  const theirs = new Set(stored.filter((e) => e.tab !== tab && e.lease > now).map((e) => e.id))
  return box.some((e) => theirs.has(e.id) && e.state !== 'sending') ? box.filter((e) => !theirs.has(e.id) || e.state === 'sending') : box
}

/** What an entry says to the server. */
export function payload(e: Entry): string {
  const { id, text, about, re, file, poll } = e
  if (!about) return JSON.stringify({ text, id, reply: re?.id, re: re?.seq, ...(file && { kind: 'file', file: file.upload, preview: file.preview || undefined }), ...(poll && { kind: 'poll', ...poll }) })
  return JSON.stringify({ id, kind: about.kind, ref: about.seq, text: about.kind === 'delete' || about.kind === 'vote' ? undefined : text, undo: about.undo, choice: about.choice })
}

/** Entries of one conversation, in the order of writing. */
export function of(box: Outbox, to: To): Entry[] {
  return box.filter((e) => same(e.to, to))
}

function change(box: Outbox, id: string, f: (e: Entry) => Entry): Outbox {
  const i = box.findIndex((e) => e.id === id)
  if (i < 0) return box
  const e = f(box[i])
  return e === box[i] ? box : box.with(i, e)
}

/** Reads an entry as it was kept, perhaps by another build. */
export function read(v: unknown): Entry | null {
  const e = v as Partial<Entry> | null
  const to = e?.to as { room?: unknown, user?: unknown } | null | undefined
  if (typeof e?.id !== 'string' || e.id === '' || typeof e.text !== 'string' || typeof e.from !== 'string' || typeof to !== 'object' || to === null) return null
  if (typeof to.room !== 'string' && typeof to.user !== 'string') return null
  const number = (x: unknown) => (typeof x === 'number' && Number.isFinite(x) ? x : 0)
  const text = (x: unknown) => (typeof x === 'string' ? x : '')
  const re = e.re as Partial<Ref> | undefined
  const about = e.about as Partial<Change> | undefined
  const kind = (['edit', 'delete', 'react', 'vote'] as const).find((k) => k === about?.kind)
  if (about && (!kind || !number(about.seq))) return null // of a newer page
  const f = e.file as Partial<Attached> | undefined
  return {
    id: e.id, to: typeof to.room === 'string' ? { room: to.room } : { user: String(to.user) }, text: e.text, from: e.from, at: number(e.at),
    ...(typeof re?.id === 'string' && { re: { id: re.id, seq: number(re.seq) } }),
    ...(about && kind && { about: { kind, id: text(about.id), seq: number(about.seq), ...(about.undo === true && { undo: true }), ...(Array.isArray(about.choice) && { choice: about.choice }) } }),
    ...(Array.isArray(e.poll?.options) && { poll: e.poll }),
    ...(f && { file: Object.fromEntries(Object.entries(noFile).map(([k, none]) => [k, typeof f[k as never] === typeof none ? f[k as never] : none])) as unknown as Attached }),
    ...(e.user && { user: e.user }),
    state: e.state === 'failed' ? 'failed' : 'waiting', seq: 0, code: number(e.code), why: text(e.why), again: number(e.again), tab: text(e.tab), lease: number(e.lease),
  }
}
