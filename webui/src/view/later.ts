// What of the room is loaded right after its messages and the field, in one file: apart, the parts would weigh more. Every view that
// is opened comes after it and finds what both need in here (build.mjs).
import './drawings.ts'

export { Announcer } from './announcer.tsx'
export { Beginning } from './beginning.tsx'
export { Keyboard } from './keyboard.tsx'
export { Notice } from './notice.tsx'
export { Panel } from './panel.tsx'
export { Side } from './side.tsx'
export { Strip, Strips, wasRestarted } from './strip.tsx'
