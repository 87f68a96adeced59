// Why the server said no, in the language of the reader: by its word for programs and what the sentence speaks of, else by its sentence, else
// by the reason code alone (MQTT 5 §2.4).
import { clock, type Key, span, t, tongue } from '../i18n/format.ts'
import { moment } from '../i18n/moment.ts'
import type { Ack } from '../mqtt/client.ts'
import { LineLost } from '../mqtt/lost.ts'
import { Unanswered } from '../store/asks.ts'

const of: Record<number, Key> = {
  0: 'account.noAnswer',
  0x83: 'why.soon', 0x88: 'why.soon', 0x89: 'why.soon', 0x8b: 'why.soon', 0x8d: 'why.soon', 0x96: 'why.soon', 0x97: 'why.soon', 0x9f: 'why.soon',
  0x85: 'why.name', 0x86: 'why.name',
  0x87: 'why.not', 0x8a: 'why.not', 0x98: 'why.not', 0x9c: 'why.moved', 0x9d: 'why.moved',
  0x8f: 'why.nothing', 0x90: 'why.nothing',
  0x95: 'why.large', 0x99: 'why.unreadable',
  0x81: 'why.reload', 0x82: 'why.reload', 0x84: 'why.reload', 0x8c: 'why.reload', 0x91: 'why.reload', 0x92: 'why.reload', 0x93: 'why.reload', 0x94: 'why.reload',
  0x9a: 'why.reload', 0x9b: 'why.reload', 0x9e: 'why.reload', 0xa1: 'why.reload', 0xa2: 'why.reload',
}

/** What a sentence of the server speaks of, by the names that it has for that (docs/protocol.md). */
type Values = Readonly<Record<string, unknown>>

// What a person at the page can meet, by the server's word. Words that only programs meet are told in the server's sentence.
const says: Record<string, Key | ((v: Values) => Key)> = {
  'muted': 'told.mute', 'banned': (v) => (v.room ? 'told.ban' : 'no.out'), 'room-closed': 'told.close', 'hand-out': 'why.handout', 'server-read-only': 'why.readOnly',
  'slow': 'no.slow', 'ended': (v) => (v.by ? 'no.ended' : 'no.endedMine'), 'name-lost': 'lost.title',
  'too-fast': 'why.soon', 'busy': 'why.soon', 'uncertain': 'why.soon', 'unavailable': 'why.soon', 'stopping': 'name.stopping', 'disk-full': 'send.full', 'unstored': 'no.unstored',
  'too-long': 'no.long', 'gone': 'no.gone', 'no-message': 'no.gone', 'no-file': 'no.file', 'files-off': 'file.noFiles',
  'not-yours': (v) => (v.name ? 'no.author' : v.room ? 'no.runner' : 'why.not'), 'not-host': 'no.host', 'not-owner': (v) => (v.name ? 'no.owner' : 'no.host'),
  'nobody': (v) => (v.room ? 'no.notInside' : 'no.nobody'), 'no-room': (v) => (v.room ? 'no.room' : 'why.nothing'), 'poll-closed': 'no.pollClosed',
  'votes-full': 'no.most', 'board-full': 'no.most', 'reactions-full': 'no.most', 'too-many': 'no.most', 'hosts-full': 'no.most', 'names-full': 'no.most', 'rooms-full': 'no.most',
  'full': (v) => (v.n ? 'no.most' : 'name.full'),
  'room-taken': 'no.roomTaken', 'rooms-fixed': 'no.roomsFixed', 'fixed-room': 'no.fixedRoom', 'too-late': 'no.late', 'wrong-code': 'no.code',
  'is-host': 'no.isHost', 'yourself': 'no.yourself', 'bad-address': 'no.address', 'too-wide': 'no.wide', 'last-host': 'no.lastHost', 'bad-link': 'no.link', 'no-session': 'no.session',
  'no-secret': (v) => (v.name ? 'no.secret' : 'file.notYou'), 'wrong-secret': 'account.wrong', 'too-many-tries': 'name.tries', 'too-many-names': 'no.manyNames',
  'name-taken': 'no.nameTaken', 'look-alike': 'no.nameTaken', 'name-invalid': 'name.invalid', 'name-reserved': 'name.reserved',
  'no-words': 'no.words', 'too-many-words': 'no.manyWords',
  'code': 'no.badCode', 'nothing': 'no.nothing', 'quota': 'no.quota', 'share': 'no.share', 'too-many-uploads': 'no.uploads', // by HTTP
}

interface No {
  code?: number // MQTT 5 reason code
  text?: string // the server's sentence
  user?: Values
}

/** When something ends: the time of today, else the day, too. */
export function end(time: number): string {
  return new Date(time).toDateString() === new Date().toDateString() ? clock(time) : moment(time)
}

/** Whether a refusal is said in words of the page. */
export function known({ user }: No): boolean {
  return String(user?.reason) in says
}

/** An acknowledgement that is no refusal; one that is is thrown, for told. */
export function taken(ack: Ack): Ack {
  if (ack.code >= 0x80) throw new Unanswered(ack.text, ack.code, ack.user)
  return ack
}

/** Why not, for the person: of a refusal, or of what a promise was rejected with. Readers of English get the server's sentence as it is. */
export function told(no: unknown): string {
  if (no instanceof LineLost || no instanceof TypeError) return t('account.noAnswer') // what fetch rejects with
  const { code = 0, user = {}, text = no instanceof Error ? no.message : '' } = no as No
  if (text !== '' && (!known({ user }) || tongue().language.startsWith('en'))) return text
  const say = says[String(user.reason)]
  if (!say) return t(of[code] ?? 'why.unknown')
  const texts = Object.fromEntries(Object.entries(user).map(([k, v]) => [k, String(v ?? '')]))
  const n = Number(texts.n ?? texts.own ?? texts.pins ?? texts.hands)
  const until = user.reason === 'slow' ? NaN : Date.parse(texts.until) // that it says itself
  const said = [t(typeof say === 'string' ? say : say(user), { ...texts, n, span: span(n * 1000) }), until ? t('told.until', { time: end(until) }) : '', texts.because && `“${texts.because}”`]
  return said.filter(Boolean).join(' ')
}
