// The words for a refusal of which the server gave a code alone (MQTT 5 §2.4).
import { type Key, t } from '../i18n/format.ts'

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
  return text !== '' ? text : t(of[code] ?? 'why.unknown')
}
