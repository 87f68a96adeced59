// Day and time in the reader's language.
import { cycle, once } from './format.ts'

/** Day and time in full. */
export function moment(time: number): string {
  const hourCycle = cycle()
  return once(`moment ${hourCycle}`, (l) => new Intl.DateTimeFormat(l, { dateStyle: 'full', timeStyle: 'short', hourCycle })).format(time)
}
