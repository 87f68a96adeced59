import { number, t } from '../i18n/format.ts'
import { size } from '../i18n/size.ts'
import { Select } from './control.tsx'

const counts = [5, 10, 20, 50, 100, 500]
const mega = 1024 ** 2
const bytes = [100 * mega, 500 * mega, 1024 * mega, 5 * 1024 * mega, 20 * 1024 * mega, 100 * 1024 * mega, 500 * 1024 * mega]

/** How many rooms and how many bytes of files the hosts allow. is: the limits as the server tells them. */
export function Limits({ is, onChange }: { is: Record<string, unknown>, onChange: (what: string, n: number) => void }) {
  const { files, bytes: taken } = (is.used ?? {}) as Record<string, unknown>
  const one = (what: string, label: string, steps: readonly number[], words: (n: number) => string, hint?: string) => {
    const now = Number(is[what] ?? 0)
    return (
      <Select
        label={label} hint={hint} value={String(now)} onChange={(n) => onChange(what, Number(n))}
        all={[['0', t('limits.open')], ...[...new Set([...steps, now])].filter((n) => n > 0).sort((a, b) => a - b).map((n) => [String(n), words(n)] as const)]}
      />
    )
  }
  return (
    <>
      {one('rooms', t('limits.rooms'), counts, number)}
      {one('each', t('limits.each'), counts, number)}
      {one('files', t('limits.files'), bytes, size, typeof taken === 'number' ? t('limits.used', { n: Number(files), size: size(taken) }) : undefined)}
      {one('memberfiles', t('limits.member'), bytes, size)}
    </>
  )
}
