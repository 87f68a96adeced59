import { watch } from './glimpse.ts'
import { keepHabit } from './i18n/habit.ts'
import { rejoin } from './rejoin.ts'
import type { Chat } from './store/chat.ts'
import { fit } from './view/fit.ts'

/** What goes on behind the page from the first touch on, or when there is nothing else to do. */
export function begin(chat: Chat, build: string, root: Element): void {
  watch(chat, build, root)
  rejoin(chat)
  keepHabit(chat.memory)
  fit()
}
