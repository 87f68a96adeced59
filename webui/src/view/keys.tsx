import './keys.css'
import { type Key, t } from '../i18n/format.ts'
import { apple } from '../platform.ts'
import type { Chat } from '../store/chat.ts'
import { Dialog } from './dialog.tsx'
import { Switch } from './control.tsx'

// Groups of what keys do; «Mod» is Ctrl, or ⌘ where there is one. Ways to do the same stand side by side.
const map: [Key, [Key, ...string[]][]][] = [
  ['keys.anywhere', [
    ['keys.jump', 'Mod K'], ['keys.search', '/'], ['keys.searchAll', 'Mod Shift F'], ['keys.step', 'Alt ↑', 'Alt ↓'], ['keys.unread', 'Alt Shift ↑', 'Alt Shift ↓'], ['keys.nth', 'Alt 1…9'],
    ['keys.part', 'F6', 'Shift F6'], ['keys.close', 'Esc'], ['keys.cut', 'Shift Esc'], ['keys.all', 'Mod /', '?'],
  ]],
  ['keys.writing', [['keys.send', 'Enter'], ['keys.line', 'Shift Enter'], ['keys.last', '↑']]],
  ['keys.reading', [
    ['keys.message', '↑', '↓'], ['keys.ends', 'Home', 'End'], ['act.reply', 'R'], ['act.edit', 'E'], ['act.react', '+'],
    ['act.copy', 'C'], ['act.unread', 'U'], ['act.delete', 'Del'], ['room.tools', 'Enter'], ['keys.type', 'A…Z'],
  ]],
]

const words: Record<string, Key> = { Alt: 'keys.alt', Shift: 'keys.shift', Enter: 'keys.enter', Esc: 'keys.esc', Home: 'keys.home', End: 'keys.end' }

/** All that can be done by keyboard. */
export function Keys({ chat, onClose }: { chat: Chat, onClose: () => void }) {
  const { enter, single } = chat.settings.all.value
  return (
    <Dialog id="keys" title={t('keys.title')} onClose={onClose}>
      {map.map(([group, all]) => (
        <section key={group}>
          <h3 class="keys__group">{t(group)}</h3>
          <dl class="keys">
            {all.map(([what, ...ways]) => (
              <div key={what}>
                <dt>{t(enter === 'breaks' ? turned[what] ?? what : what)}</dt>
                <dd>{ways.map((w) => <span key={w}>{w.split(' ').map((k) => <kbd key={k}>{name(k)}</kbd>)}</span>)}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
      <Switch label={t('keys.letters')} hint={t('keys.lettersHint')} on={single} onChange={(on) => chat.settings.set({ single: on })} />
    </Dialog>
  )
}

const turned: Partial<Record<Key, Key>> = { 'keys.send': 'keys.line', 'keys.line': 'keys.send' } // Enter makes a new line

function name(key: string): string {
  if (key === 'Mod') return apple() ? '⌘' : t('keys.ctrl')
  return words[key] ? t(words[key]) : key
}
