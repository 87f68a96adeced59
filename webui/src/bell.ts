// What a notice does: a sound, a tremble, a number on the icon of the tab and at the rooms of a phone.
import { t } from './i18n/format.ts'

/** Two soft notes, like a spoon on a can; and a phone in a pocket trembles. */
export function ring(audio: AudioContext | null): void {
  navigator.vibrate?.([60, 40, 60])
  if (audio?.state !== 'running') return
  const begin = audio.currentTime
  for (const [after, hertz] of [[0, 880], [0.12, 1320]]) {
    const tone = audio.createOscillator()
    const volume = audio.createGain()
    tone.frequency.value = hertz
    volume.gain.setValueAtTime(0.0001, begin + after)
    volume.gain.exponentialRampToValueAtTime(0.12, begin + after + 0.01)
    volume.gain.exponentialRampToValueAtTime(0.0001, begin + after + 0.35)
    tone.connect(volume).connect(audio.destination)
    tone.start(begin + after)
    tone.stop(begin + after + 0.4)
  }
}

let plain = '' // address of the icon without a number
let shown = 0
const words = Object.assign(document.createElement('p'), { id: 'tagged', hidden: true }) // what describes the button of view/bar.tsx

/** Puts a number on the icon of the tab and on what opens the rooms; 0 takes it away. */
export function badge(n: number): void {
  document.documentElement.style.setProperty('--tagged', n === 0 ? null : `"${few(n)}"`)
  words.textContent = n === 0 ? '' : `${t('nav.mentions')}: ${n}`
  document.body.append(words)
  const link = document.querySelector<HTMLLinkElement>('link[rel=icon]')
  if (!link || n === shown) return
  shown = n
  plain ||= link.href
  if (n === 0) {
    link.href = plain
    return
  }
  const mark = new Image()
  mark.onload = () => {
    const icon = drawn(mark, n)
    if (shown === n && icon) link.href = icon
  }
  mark.src = plain
}

function drawn(mark: HTMLImageElement, n: number): string | null {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 64
  const x = canvas.getContext('2d')
  if (!x) return null
  const role = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name)
  x.drawImage(mark, 0, 0, 64, 64)
  x.fillStyle = role('--twine-fill')
  x.beginPath()
  x.arc(43, 43, 21, 0, 2 * Math.PI)
  x.fill()
  x.fillStyle = role('--twine-on')
  x.font = `bold ${n > 9 ? 26 : 32}px sans-serif`
  x.textAlign = 'center'
  x.textBaseline = 'middle'
  x.fillText(few(n), 43, 45)
  return canvas.toDataURL('image/png')
}

function few(n: number): string {
  return n > 9 ? '9+' : String(n)
}
