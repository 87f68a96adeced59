// The drawings that only the parts about files and emoji use: they travel with them.
import { kindOf } from '../store/picture.ts'
import { draw, type IconName } from './icon.tsx'

export const drawn = {
  back: 'm12.5 4-6 6 6 6',
  file: 'M5 2.5h6.5L15.5 6.5v11H5zM11.5 2.5v4h4',
  picture: 'M3 4h14v12H3zM3 13.5l4-4 3.500 3.500 2-2 4.500 4.500M13 7.500h.01',
  note: 'M10 2.5A2.5 2.5 0 0 1 12.5 5v5a2.5 2.5 0 0 1-5 0V5A2.5 2.5 0 0 1 10 2.5M4.500 9.500a5.500 5.500 0 0 0 11 0M10 15v2.500',
  film: 'M3 5h14v10H3zM8.500 8v4l3.500-2z',
}

draw(drawn)

const icons: Record<ReturnType<typeof kindOf>, IconName> = { picture: 'picture', audio: 'note', video: 'film', file: 'file' }

/** The icon of a kind of file. */
export function fileIcon(type: string): IconName {
  return icons[kindOf(type)]
}
