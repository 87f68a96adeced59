// Back in the room soon after its server: a line that is tried again waits ever longer, and so do browsers with a WebSocket that failed.
import { effect } from '@preact/signals'
import type { Chat } from './store/chat.ts'

const pace = 700 // milliseconds between two questions, more or less, so that a room does not come back in one instant
const patience = 1000 // milliseconds for an answer

const answers = () => fetch('/', { method: 'HEAD', cache: 'no-store', signal: AbortSignal.timeout(patience) }).then(() => true, () => false)

/** From now on: while there is no line and the page is seen, asks whether the server is there again. Then the line is tried at once. */
export function rejoin(chat: Chat): void {
  let gone = false // whether it did not answer; a server that answers and takes nobody is not hurried
  let asking = false
  const lost = () => !['online', 'ended', 'idle'].includes(chat.line.peek().is)
  const ask = async () => {
    if (document.visibilityState === 'visible') {
      const there = await answers()
      if (there && gone && chat.line.peek().is === 'offline') {
        chat.tryNow()
        gone = false
      }
      gone ||= !there
    }
    asking = lost()
    if (asking) setTimeout(() => void ask(), pace * (0.5 + Math.random()))
  }
  effect(() => {
    if (chat.line.value.is !== 'offline' || asking) return
    asking = true
    gone = false
    void ask()
  })
}
