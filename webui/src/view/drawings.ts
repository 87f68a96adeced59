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
  copy: 'M7.5 7.5h8a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1h-8a1 1 0 0 1-1-1v-8a1 1 0 0 1 1-1M13.5 7.5v-4a1 1 0 0 0-1-1h-8a1 1 0 0 0-1 1v8a1 1 0 0 0 1 1h2',
  pin: 'M7 3h6l-1 6 3 3H5l3-3zM10 12v5',
  more: 'M4.5 10h.01M10 10h.01M15.5 10h.01',
  reply: 'M8 5 3 10l5 5M3.5 10H11a6 6 0 0 1 6 6',
  bin: 'M3.500 5.500h13M8 5.500v-2h4v2M5 5.500l.8 11h8.400l.8-11M8.500 8.500v5M11.500 8.500v5',
  link: 'M8.5 11.5a3 3 0 0 0 4.300 0l3-3a3 3 0 0 0-4.300-4.300l-1 1M11.5 8.5a3 3 0 0 0-4.300 0l-3 3a3 3 0 0 0 4.300 4.300l1-1',
  unread: 'M3 5.5h8M3 10h5M3 14.5h14M17 7a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0',
} as const

draw(drawings)
