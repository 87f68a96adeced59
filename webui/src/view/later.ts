// What of the room is loaded right after its messages and the field, in one file: apart, the parts would weigh more.
export { Acts } from './acts.tsx'
export { Announcer } from './announcer.tsx'
export { Empty } from './empty.tsx'
export { Notice } from './notice.tsx'
export { Fence } from './fence.tsx'
export { Panel } from './panel.tsx'
export { Side } from './side.tsx'
export { Strip, Strips, wasRestarted } from './strip.tsx'
export { nth, part, step } from './wander.ts'

void import('../style/print.ts').catch(() => {}) // what is not there is not printed well, and nothing else
