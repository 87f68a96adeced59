// What of the room is loaded with the first touch of a key, a mouse or a finger, in one file.
export { Acts } from './acts.tsx'
export { Hand } from './hand.tsx'
export { Scrim } from './scrim.tsx'
export { EditBar, ReplyBar } from './replybar.tsx'
export { swipes } from './swipe.ts'
export { nth, part, step } from './wander.ts'
export { watch } from '../glimpse.ts'

void import('../style/print.ts').catch(() => {}) // what is not there is not printed well, and nothing else
