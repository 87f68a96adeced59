import './tabs.css'

/** A row of tabs over one panel, as the ARIA patterns want it: one stop for Tab, arrows within. */
export function Tabs<K extends string>({ id, label, all, chosen, onChoose }: {
  id: string, label: string, all: readonly { key: K, words: string, count?: number }[], chosen: K, onChoose: (key: K) => void,
}) {
  const step = (e: KeyboardEvent) => {
    const rtl = document.dir === 'rtl' ? -1 : 1
    const by = { ArrowLeft: -rtl, ArrowRight: rtl, Home: -all.length, End: all.length }[e.key]
    if (by === undefined) return
    e.preventDefault()
    const at = all.findIndex((x) => x.key === chosen) + by
    const next = all[Math.abs(by) === 1 ? (at + all.length) % all.length : Math.max(0, Math.min(all.length - 1, at))]
    onChoose(next.key)
    document.getElementById(`${id}-${next.key}`)?.focus()
  }
  return (
    <div class="tabs" role="tablist" aria-label={label} onKeyDown={step}>
      {all.map((x) => (
        <button
          type="button" class="tab" role="tab" key={x.key} id={`${id}-${x.key}`} aria-controls={`${id}-in`} aria-selected={x.key === chosen}
          tabIndex={x.key === chosen ? 0 : -1} onClick={() => onChoose(x.key)}
        >{x.words}{x.count !== undefined && <span>{x.count}</span>}</button>
      ))}
    </div>
  )
}
