import './picker.css'
import { useComputed, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import signs from '../emoji/signs.json'
import { type Key, t, tongue } from '../i18n/format.ts'
import { coarse, storage } from '../platform.ts'
import { found, newest, readUse, type Sign, signsOf, toned, tones, used } from '../store/emoji.ts'
import { Icon } from './icon.tsx'
import { useModal } from './modal.ts'

const groups: readonly [sign: string, says: Key][] = [
  ['🕘', 'emoji.lately'], ['😀', 'emoji.smileys'], ['👋', 'emoji.people'], ['🐻', 'emoji.nature'], ['🍏', 'emoji.food'], ['🚗', 'emoji.travel'],
  ['⚽', 'emoji.activities'], ['💡', 'emoji.objects'], ['❤️', 'emoji.symbols'], ['🏁', 'emoji.flags'],
]
const mostFound = 80
const mostLately = 32
const kept = 'tincan.emoji'

const names: Record<string, () => Promise<{ default: string }>> = {
  ar: () => import('../emoji/words/ar.json'), de: () => import('../emoji/words/de.json'), en: () => import('../emoji/words/en.json'), es: () => import('../emoji/words/es.json'),
  fr: () => import('../emoji/words/fr.json'), he: () => import('../emoji/words/he.json'), hi: () => import('../emoji/words/hi.json'), ja: () => import('../emoji/words/ja.json'),
  'pt-BR': () => import('../emoji/words/pt-BR.json'), ru: () => import('../emoji/words/ru.json'), tr: () => import('../emoji/words/tr.json'), 'zh-Hans': () => import('../emoji/words/zh-Hans.json'),
}

/** Chooses an emoji: those used lately first, by group, or by name. Back closes it. */
export function Picker({ onTake, onClose }: { onTake: (sign: string) => void, onClose: () => void }) {
  const dialog = useModal(onClose, 'emoji')
  const field = useRef<HTMLInputElement>(null)
  const store = storage('localStorage')
  const use = useSignal(readUse(parsed(store.getItem(kept))))
  const all = useSignal<Sign[][] | null>(null)
  const group = useSignal(use.peek().lately.length > 0 ? 0 : 1)
  const query = useSignal('')
  const draws = useRef(drawn())
  const { language } = tongue()
  useEffect(() => {
    const countries = new Intl.DisplayNames([language], { type: 'region', fallback: 'code' })
    const read = (text: string) => {
      const of = signsOf(signs, text, (c) => countries.of(c) ?? c)
      const least = newest(of.flat(), draws.current)
      all.value = of.map((g) => g.filter((s) => s.version <= least))
    }
    ;(names[language] ?? names.en)().then((m) => read(m.default), () => read('')) // without names they can still be seen
  }, [language])
  useEffect(() => {
    if (!coarse()) field.current?.focus()
  }, [])
  const shown = useComputed((): Sign[] => {
    const flat = all.value?.flat() ?? []
    if (query.value.trim() !== '') return found(flat, query.value, mostFound).filter((s) => draws.current(s.sign))
    if (group.value > 0) return (all.value?.[group.value - 1] ?? []).filter((s) => draws.current(s.sign))
    return use.value.lately.flatMap((sign) => flat.find((s) => tones.some((n) => toned(s, n) === sign)) ?? []).filter((s, i, of) => of.indexOf(s) === i)
  }).value
  const keep = (more: Partial<typeof use.value>) => {
    use.value = { ...use.value, ...more }
    try {
      store.setItem(kept, JSON.stringify(use.value))
    } catch {
      // Full: it is as it was the next time.
    }
  }
  const take = (s: Sign) => {
    const sign = toned(s, use.value.tone)
    keep({ lately: used(use.value.lately, sign, mostLately) })
    dialog.current?.close()
    onClose()
    onTake(sign)
  }
  const step = (e: KeyboardEvent) => {
    const list = [...(e.currentTarget as HTMLElement).querySelectorAll<HTMLButtonElement>('button')]
    const at = list.indexOf(document.activeElement as HTMLButtonElement)
    const columns = list.findIndex((b) => b.offsetTop > list[0].offsetTop)
    const row = columns < 0 ? list.length : columns
    const onward = tongueIsRtl() ? -1 : 1
    const by = { ArrowRight: onward, ArrowLeft: -onward, ArrowDown: row, ArrowUp: -row, Home: -at, End: list.length - 1 - at }[e.key]
    if (by === undefined || at < 0) return
    e.preventDefault()
    if (at + by < 0 && e.key === 'ArrowUp') field.current?.focus()
    else list[Math.max(0, Math.min(list.length - 1, at + by))].focus()
  }
  return (
    <dialog
      class="sheet picker" ref={dialog} aria-label={t('emoji.title')} onClick={(e) => e.target === dialog.current && onClose()} onCancel={(e) => { e.preventDefault(); onClose() }}
    >
      <div class="picker__head">
        <input
          ref={field} class="picker__field" type="search" placeholder={t('emoji.search')} aria-label={t('emoji.search')} dir="auto" autocomplete="off" spellcheck={false} enterkeyhint="done"
          onInput={(e) => { query.value = e.currentTarget.value }}
          onKeyDown={(e) => {
            if (e.isComposing) return
            if (e.key === 'ArrowDown') dialog.current?.querySelector<HTMLElement>('.picker__grid button')?.focus()
            else if (e.key === 'Enter' && query.value.trim() !== '' && shown.length > 0) take(shown[0])
            else return
            e.preventDefault()
          }}
        />
        <label class="picker__tone" title={t('emoji.tone')}>
          <select aria-label={t('emoji.tone')} value={String(use.value.tone)} onChange={(e) => keep({ tone: Number(e.currentTarget.value) })}>
            {tones.map((n) => <option key={n} value={String(n)}>{toned({ sign: '👋', tones: true }, n)}</option>)}
          </select>
        </label>
      </div>
      <div class="picker__groups" role="group" aria-label={t('emoji.groups')}>
        {groups.map(([sign, says], i) => (
          <button
            key={says} type="button" aria-label={t(says)} title={t(says)} aria-pressed={query.value === '' && group.value === i}
            onClick={() => {
              group.value = i
              query.value = ''
              if (field.current) field.current.value = ''
            }}
          >{i === 0 ? <Icon name="clock" /> : sign}</button>
        ))}
      </div>
      <div class="scroll picker__grid" role="group" aria-label={query.value === '' ? t(groups[group.value][1]) : t('emoji.title')} onKeyDown={step}>
        {shown.map((s, i) => <button key={s.sign} type="button" tabIndex={i === 0 ? 0 : -1} aria-label={s.name} title={s.name} onClick={() => take(s)}>{toned(s, use.value.tone)}</button>)}
        {all.value && shown.length === 0 && <p class="picker__none" role="status">{t(query.value.trim() === '' ? 'emoji.noneYet' : 'emoji.none')}</p>}
      </div>
    </dialog>
  )
}

function tongueIsRtl(): boolean {
  return tongue().dir === 'rtl'
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null')
  } catch {
    return null
  }
}

/** Tells whether this browser has a picture of a sign: one that it has not looks like one that nobody has. */
function drawn(): (sign: string) => boolean {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 24
  const c = canvas.getContext('2d', { willReadFrequently: true })
  if (!c) return () => true
  c.textBaseline = 'top'
  c.font = '18px sans-serif'
  const look = (sign: string) => {
    c.clearRect(0, 0, 24, 24)
    c.fillText(sign, 0, 2)
    return c.getImageData(0, 0, 24, 24).data.join()
  }
  const nothing = [look('\u{1ffff}'), look('\u{10ffff}'), look('')]
  const wide = 1.6 * c.measureText('😀').width // one that is put together of others, and the font does not know how
  if (nothing.includes(look('😀'))) return () => true // then nothing can be told
  const known = new Map<string, boolean>()
  return (sign) => {
    let can = known.get(sign)
    if (can === undefined) known.set(sign, can = c.measureText(sign).width <= wide && !nothing.includes(look(sign)))
    return can
  }
}
