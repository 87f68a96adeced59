// The drawings that are needed when more than the log and the field is there.
import { draw } from './icon.tsx'

export const drawings = {
  hash: 'M8 3 6.5 17M13.5 3 12 17M3.5 7.5h14M2.5 12.5h14',
  search: 'M14.5 9a5.5 5.5 0 1 1-11 0 5.5 5.5 0 0 1 11 0M13.2 13.2l3.8 3.8',
  back: 'm12.500 4-6 6 6 6',
  x: 'm5 5 10 10M15 5 5 15',
  save: 'M10 3v9M6 8.5l4 4 4-4M3.5 16.5h13',
  gear: 'M3 6h8M15 6h2M3 14h2M9 14h8M15 6a2 2 0 1 1-4 0 2 2 0 0 1 4 0M9 14a2 2 0 1 1-4 0 2 2 0 0 1 4 0',
  pen: 'm4 13.5-.5 3 3-.5L16 6.5 13.5 4zM11.5 6 14 8.5',
  qr: 'M3 3h5v5H3zM12 3h5v5h-5zM3 12h5v5H3zM12 12h2v2h-2zM17 12v2M15 17h2M12 17h.01',
  poll: 'M4 16.500V10M10 16.500v-13M16 16.500V7',
  more: 'M4.5 10h.01M10 10h.01M15.5 10h.01',
} as const

draw(drawings)
