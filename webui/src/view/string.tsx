import './string.css'
import { t } from '../i18n/format.ts'

const hanging = { taut: 'M0 14H100', slack: 'M0 14Q50 40 100 14', waving: 'M0 14Q12.5 6 25 14T50 14T75 14T100 14' }

function TinCan({ second }: { second?: boolean }) {
  return (
    <svg class={`string__can ${second ? 'string__can--second' : ''}`} viewBox="0 0 28 22" aria-hidden="true">
      <g stroke="currentColor" stroke-width="1.5" stroke-linejoin="round">
        <path d="M5 2h17c2 0 3.5 4 3.5 9S24 20 22 20H5" fill="var(--tin-1)" />
        <path d="M9.5 2H18c2 0 3.5 4 3.5 9s-1.5 9-3.5 9H9.5c2 0 3.5-4 3.5-9S11.5 2 9.5 2z" fill="var(--act)" />
        <ellipse cx="5" cy="11" rx="3.5" ry="9" fill="var(--tin-3)" />
      </g>
    </svg>
  )
}

/** The mark, which is the connection light. */
export function TinString({ is }: { is: 'taut' | 'waving' | 'slack' }) {
  const words = t(is === 'taut' ? 'line.connected' : is === 'waving' ? 'line.connecting' : 'line.none')
  return (
    <div class={`string string--${is}`} role="img" aria-label={words} title={words}>
      <TinCan />
      <svg class="string__thread" viewBox="0 0 100 28" preserveAspectRatio="none" aria-hidden="true"><path d={hanging[is]} /></svg>
      <TinCan second />
    </div>
  )
}
