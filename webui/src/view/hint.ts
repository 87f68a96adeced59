// What a time in the log tells in full, under a pointer or with the focus. To write that for every message would hold up the log.
import { t } from '../i18n/format.ts'
import { moment } from '../i18n/moment.ts'
import type { MessageRow } from '../store/rows.ts'

/** Gives the times of a message that is drawn their hints. */
export function hint(el: HTMLElement, row: MessageRow): void {
  const at = el.querySelector<HTMLElement>('.message__time')
  const time = row.is === 'message' ? row.m.time : row.entry.at
  if (at && time > 0) at.title = at.localName === 'a' ? t('room.link', { moment: moment(time) }) : moment(time)
  const edited = el.querySelector<HTMLElement>('.message__edited')
  if (edited && row.is === 'message' && row.m.edited) edited.title = moment(row.m.edited)
}
