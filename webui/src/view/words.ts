import { t } from '../i18n/format.ts'

/** Where somebody is connected, in the reader's words; a label that is not one of the page's own stays as it is. */
export function placeWord(label: string): string {
  return label === 'phone' || label === 'laptop' || label === 'tablet' ? t(`place.${label}`) : label
}
