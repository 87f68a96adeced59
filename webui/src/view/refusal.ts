// The words for a refusal: for those of which the server gave a code alone (MQTT 5 §2.4), and for what members are told most often.
import { clock, type Key, t, tongue } from '../i18n/format.ts'

const of: Record<number, Key> = {
  0x83: 'why.soon', 0x88: 'why.soon', 0x89: 'why.soon', 0x8b: 'why.soon', 0x8d: 'why.soon', 0x96: 'why.soon', 0x97: 'why.soon', 0x9f: 'why.soon',
  0x85: 'why.name', 0x86: 'why.name',
  0x87: 'why.not', 0x8a: 'why.not', 0x98: 'why.not', 0x9c: 'why.moved', 0x9d: 'why.moved',
  0x8f: 'why.nothing', 0x90: 'why.nothing',
  0x95: 'why.large', 0x99: 'why.unreadable',
  0x81: 'why.reload', 0x82: 'why.reload', 0x84: 'why.reload', 0x8c: 'why.reload', 0x91: 'why.reload', 0x92: 'why.reload', 0x93: 'why.reload', 0x94: 'why.reload',
  0x9a: 'why.reload', 0x9b: 'why.reload', 0x9e: 'why.reload', 0xa1: 'why.reload', 0xa2: 'why.reload',
}

/** The server's sentence, else one for its code. */
export function why({ code, text }: { code: number, text: string }): string {
  return text !== '' ? inWords(text, Date.now()) : t(of[code] ?? 'why.unknown')
}

// What the server says (bridge/sanction.go); shared cases hold both to the same words.
const long = 'for (?:good|(?<n>\\d+) (?<unit>second|minute|hour|day)s)'
const because = '(?:: “(?<reason>.*)”)?'
const sentences = ([
  [`(?<by>.+?) muted you in (?<room>.+), ${long}${because}`, 'told.mute'],
  [`(?<by>.+?) does not let you into (?<room>.+), ${long}${because}`, 'told.ban'],
  [`(?<by>.+?) closed the room (?<room>.+?)${because}`, 'told.close'],
  ['only the hosts write in (?<room>.+) now: you can read', 'why.handout'],
  [`(?<by>.+?) made this tincan read-only for now${because}: reading works, send it again later`, 'why.readOnly'],
] as [string, Key][]).map(([text, key]) => [new RegExp(`^${text}$`, 's'), key] as const)
const units: Record<string, number> = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/** A sentence that the server said at some time, in the words of the page where it has some; readers of English get it as it is. */
export function inWords(text: string, at: number): string {
  if (tongue().language.startsWith('en')) return text
  for (const [is, key] of sentences) {
    const found = is.exec(text)?.groups
    if (!found) continue
    const { by = '', room = '', n, unit = '', reason = '' } = found
    const said = [t(key, { by, room }), n ? t('told.until', { time: clock(at + Number(n) * units[unit]) }) : '', reason && `“${reason}”`]
    return said.filter((s) => s !== '').join(' ')
  }
  return text
}
