// A file that somebody has added to what he or she writes.
import type { ReadonlySignal } from '@preact/signals'
import type { Attached, Entry } from './outbox.ts'

export interface Attachment {
  readonly id: string
  /** What the message says of it. */
  readonly file: Attached
  /** The address of a picture of it in this browser; empty: there is none. */
  readonly picture: ReadonlySignal<string>
  /** How many bytes will be sent if it is made smaller; 0: it is sent as it is. */
  readonly smaller: ReadonlySignal<number>
  /** Whether it is to be sent as it is all the same. */
  readonly original: ReadonlySignal<boolean>
  /** It belongs to a message from now on. */
  sent(e: Entry): void
}
