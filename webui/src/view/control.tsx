import './control.css'
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

interface Words {
  label: string
  hint?: string | undefined
}

function Said({ id, label, hint }: Words & { id?: string }) {
  return (
    <span class="setting__words">
      <span class="setting__label">{label}</span>
      {hint && <span class="setting__hint" id={id}>{hint}</span>}
    </span>
  )
}

/** A line with a button or the like; note: something to be told, not chosen. */
export function Setting({ label, hint, note, children }: Words & { note?: boolean, children?: ComponentChildren }) {
  return <div class={`setting ${note ? 'setting--note' : ''}`}><Said label={label} hint={hint} />{children}</div>
}

/** On or off. */
export function Switch({ label, hint, on, onChange }: Words & { on: boolean, onChange: (on: boolean) => void }) {
  const id = useId()
  return (
    <label class="setting">
      <Said label={label} hint={hint} id={id} />
      <input
        class="switch" type="checkbox" role="switch" aria-label={label} aria-describedby={hint ? id : undefined} checked={on}
        onChange={(e) => onChange(e.currentTarget.checked)}
      />
    </label>
  )
}

/** One of a few. */
export function Segment<T extends string>({ label, hint, value, all, onChange }: Words & {
  value: T, all: readonly (readonly [T, string])[], onChange: (v: T) => void,
}) {
  const id = useId()
  return (
    <div class="setting" role="radiogroup" aria-label={label} aria-describedby={hint ? id : undefined}>
      <Said label={label} hint={hint} id={id} />
      <span class="segment">
        {all.map(([v, words]) => (
          <label key={v}><input type="radio" name={`${id}-one`} checked={v === value} onChange={() => onChange(v)} /><span>{words}</span></label>
        ))}
      </span>
    </div>
  )
}

/** One of many; lang: what is chosen is a language, and said in it. */
export function Select({ label, hint, value, all, onChange }: Words & { value: string, all: readonly (readonly [string, string])[], onChange: (v: string) => void }) {
  return (
    <label class="setting">
      <Said label={label} hint={hint} />
      <select class="select" aria-label={label} value={value} onChange={(e) => onChange(e.currentTarget.value)}>
        {all.map(([v, words]) => <option key={v} value={v} selected={v === value} lang={/^[a-z]/.test(v) ? v : undefined}>{words}</option>)}
      </select>
    </label>
  )
}
