// What tells of a message, all of which is loaded with the first one: a sound, the system, the number on the icon of the tab and at the
// rooms.
import './teller.css'
import { effect } from '@preact/signals'
import { ring } from '../bell.ts'
import { t } from '../i18n/format.ts'
import { popUp, popUps } from '../popup.ts'
import type { Heard } from '../store/arrivals.ts'
import type { Chat } from '../store/chat.ts'
import { audible, isQuiet } from '../store/quiet.ts'
import { write } from '../store/route.ts'

export { badge } from '../bell.ts'
export { Allow } from './allow.tsx'

const longest = 200 // characters of a message

export class Teller {
  readonly #up = new Map<string, { seq: number, close: () => void }>() // by conversation: one each
  readonly #chat: Chat
  readonly #audio: () => AudioContext | null
  readonly #forget: () => void
  #last = 0 // when something was last heard

  constructor(chat: Chat, audio: () => AudioContext | null) {
    this.#chat = chat
    this.#audio = audio
    this.#forget = effect(() => { // what was read, wherever, needs no notice any more
      const marks = chat.reading.marks.value
      for (const [key, { seq, close }] of this.#up) {
        if ((marks.get(key) ?? 0) < seq) continue
        close()
        this.#up.delete(key)
      }
    })
  }

  /** Tells of a message, unless it has been read or another tab does; it says whether the person is to be asked for more than a sound. */
  tell(h: Heard): boolean {
    const chat = this.#chat
    const s = chat.settings.all.peek()
    const { key, to } = h.conversation
    if (!chat.leader.peek() || (chat.reading.marks.peek().get(key) ?? 0) >= h.message.seq) return false
    const now = chat.now.peek()
    if (audible(s, now, this.#last)) {
      this.#last = now
      ring(this.#audio())
    }
    if (s.system && !isQuiet(s, now)) {
      const who = h.message.from
      const close = popUp('room' in to ? t('notice.title', { who, room: chat.places.called(to.room) }) : who, (h.message.text || h.message.file?.name || '').slice(0, longest), key, () => {
        location.hash = 'room' in to ? write({ at: 'room', room: to.room, seq: h.message.seq }) : write({ at: 'user', user: to.user })
      })
      this.#up.set(key, { seq: h.message.seq, close })
    }
    return h.mention && popUps() === 'default' && !s.system && !s.asked
  }

  /** Takes everything back. */
  end(): void {
    this.#forget()
    for (const { close } of this.#up.values()) close()
  }
}
