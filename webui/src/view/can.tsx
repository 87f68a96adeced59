import './can.css'
import { t } from '../i18n/format.ts'
import { Icon, type IconName } from './icon.tsx'

/** The colour of a name's label, 0 to 9: FNV-1a, mixed once more so that like names differ. */
export function hue(name: string): number {
  let h = 0x811c9dc5
  for (const c of name) h = Math.imul(h ^ (c.codePointAt(0) ?? 0), 0x01000193)
  h ^= h >>> 15
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  return (h >>> 0) % 10
}

/** One or two letters for a name. */
export function initials(name: string): string {
  const words = name.split(/[\s._-]+/).filter((w) => /^[\p{L}\p{N}]/u.test(w))
  const first = (w: string) => ([...w][0] ?? '').toLocaleUpperCase()
  if (words.length === 0) return first(name)
  return words.length > 1 && /\p{Script=Latin}/u.test(name) ? first(words[0]) + first(words[1]) : first(words[0])
}

/** A person's can. */
export function Can({ name, size = 'l' }: { name: string, size?: 's' | 'm' | 'l' }) {
  return <span class={`can can--${size} can--${hue(name)}`} aria-hidden="true">{initials(name)}</span>
}

/** A device's box. */
export function Box({ icon, size = 'l' }: { icon: IconName, size?: 's' | 'm' | 'l' }) {
  return <span class={`can can--device can--${size}`} aria-hidden="true"><Icon name={icon} /></span>
}

/** A can or a box with the dot of presence, which has words for those who do not see it. */
export function Who({ name, device, state, size = 'm' }: { name: string, device?: boolean, state: 'online' | 'away' | 'offline', size?: 's' | 'm' }) {
  const words = t(state === 'online' ? 'panel.online' : state === 'away' ? 'panel.isAway' : 'panel.offline')
  return (
    <span class="who">
      {device ? <Box icon="chip" size={size} /> : <Can name={name} size={size} />}
      <i class={`dot dot--${state}`} title={words} /><span class="unseen">{words}: </span>
    </span>
  )
}
