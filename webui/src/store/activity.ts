// What I let the others know of me without a word: that I write, that I am away.
import type { Conversation } from './conversation.ts'
import * as typing from './typing.ts'

export interface ActivityNeeds {
  now(): number
  typing(): boolean // whether the others may know that I am writing
  tellTyping(room: string, say: '1' | '0'): void
  tellAway(away: boolean): void
}

const hiddenFor = 30_000 // milliseconds until a hidden page means away
const idleFor = 10 * 60_000
const crowd = 50 // members of a room in which nobody is told who writes

export class Activity {
  readonly #needs: ActivityNeeds
  #mine = typing.still
  #in: Conversation | null = null
  #away = false
  #hiddenSince = 0 // 0: visible
  #lastInput: number

  constructor(needs: ActivityNeeds) {
    this.#needs = needs
    this.#lastInput = needs.now()
  }

  /** A key in the field of a conversation. empty: nothing is in it now. */
  key(c: Conversation, empty: boolean): void {
    if (!('room' in c.to) || c.roster.value.count > crowd || !this.#needs.typing()) return
    this.#in = c
    this.#tell(typing.key(this.#mine, this.#needs.now(), empty))
  }

  /** Sent, or gone elsewhere. */
  stop(): void {
    this.#tell(typing.stop(this.#mine))
  }

  tick(): void {
    const now = this.#needs.now()
    this.#tell(typing.idle(this.#mine, now))
    const away = (this.#hiddenSince !== 0 && now - this.#hiddenSince > hiddenFor) || now - this.#lastInput > idleFor
    if (away === this.#away) return
    this.#away = away
    this.#needs.tellAway(away)
  }

  setVisible(visible: boolean): void {
    this.#hiddenSince = visible ? 0 : this.#hiddenSince || this.#needs.now()
    if (visible) this.touched()
  }

  /** The person did something. */
  touched(): void {
    this.#lastInput = this.#needs.now()
    if (this.#away && this.#hiddenSince === 0) this.tick()
  }

  /** A new session knows nothing of me yet. */
  again(): void {
    if (this.#away) this.#needs.tellAway(true)
  }

  #tell({ mine, say }: { mine: typing.Mine, say: '1' | '0' | null }): void {
    this.#mine = mine
    if (say && this.#in && 'room' in this.#in.to) this.#needs.tellTyping(this.#in.to.room, say)
  }
}
