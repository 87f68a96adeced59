import { list, t } from '../i18n/format.ts'

/** Where somebody is connected, in the reader's words; a label that is not one of the page's own stays as it is. */
export function whereabouts(labels: readonly string[]): string {
  return list([...new Set(labels)].filter((l) => l !== '').map((l) => (l === 'phone' || l === 'laptop' || l === 'tablet' ? t(`place.${l}`) : l)))
}
