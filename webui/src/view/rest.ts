// What is loaded with the first touch when the page has nothing else to do, in one file: it has to be there without a connection, too.
import '../style/print.ts'

export { Keys } from './keys.tsx'
export { Settings } from './settings.tsx'
