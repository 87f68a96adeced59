import { signal } from '@preact/signals'
import type { drawings } from './drawings.ts'
import type { drawn } from './fileicons.ts'
import type { handy } from './handicons.ts'

// What the room and the first visit show before anything else is loaded; the rest is in drawings.ts.
const first = {
  send: 'M3 10 17 3.5 12 17l-2.8-5.8zM9.2 11.2 17 3.5',
  people: 'M11 7a3 3 0 1 1-6 0 3 3 0 0 1 6 0M2.5 16.5c.4-3 2.6-4.5 5.5-4.5s5.1 1.5 5.5 4.5M13 4.3a3 3 0 0 1 0 5.4M15 12.5c1.5.7 2.3 2 2.5 4',
  chip: 'M6.5 5h7A1.5 1.5 0 0 1 15 6.5v7a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 5 13.5v-7A1.5 1.5 0 0 1 6.5 5M8 2.5V5M12 2.5V5M8 15v2.5M12 15v2.5M2.5 8H5M2.5 12H5M15 8h2.5M15 12h2.5',
  menu: 'M3 5.5h14M3 10h14M3 14.5h9',
  ok: 'm4 10.5 4 4 8-9',
  clock: 'M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0M10 6v4.3l2.8 1.7',
  warn: 'M10 3 18 16.5H2zM10 8v4M10 14.5h.01',
  down: 'M10 4v12M5 11l5 5 5-5',
  key: 'M10.5 13a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0M9.5 10.5l7-7M13.5 6.5l2.5 2.5',
  door: 'M5 17.5v-14a1 1 0 0 1 1-1h8a1 1 0 0 1 1 1v14M2.5 17.5h15M12 10.5h.01',
  drop: 'M10 2.5c3 3.7 5 6.3 5 9a5 5 0 0 1-10 0c0-2.7 2-5.3 5-9',
  plus: 'M10 4v12M4 10h12',
  smile: 'M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0M7 12c1.500 2 4.500 2 6 0M7.500 8h.01M12.500 8h.01',
  plug: 'M7 3v4M13 3v4M5 7h10v2.5a5 5 0 0 1-10 0zM10 14.5V18',
  cube: 'm10 2.5 6.5 3.7v7.6L10 17.5l-6.5-3.7V6.2zM3.5 6.2 10 10l6.5-3.8M10 10v7.5',
  wind: 'M2.5 8H12a2.3 2.3 0 1 0-2.2-3M2.5 11.5H15a2.3 2.3 0 1 1-2.2 3M2.5 15H8',
} as const

const paths = signal<Partial<Record<IconName, string>>>(first)

export type IconName = keyof typeof first | keyof typeof drawings | keyof typeof drawn | keyof typeof handy

/** Takes in drawings that were loaded later; what stands there without one gets it. */
export function draw(more: Partial<Record<IconName, string>>): void {
  paths.value = { ...paths.value, ...more }
}

/** A drawing of 20 × 20, in the colour of the text. It says nothing to a screen reader. */
export function Icon({ name }: { name: IconName }) {
  return <svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d={paths.value[name]} /></svg>
}

/** A button that is a drawing; label is its name and its tooltip. */
export function IconButton({ name, label, onClick, class: cls = '', ...rest }: {
  name: IconName, label: string, onClick: () => void, class?: string, 'aria-expanded'?: boolean, 'aria-pressed'?: boolean, 'aria-controls'?: string, 'aria-describedby'?: string,
}) {
  return <button type="button" class={`icon-button ${cls}`} aria-label={label} title={label} onClick={onClick} {...rest}><Icon name={name} /></button>
}
