// What the page needs to speak with the server, in one file that is loaded while the first things are shown.
export { Client } from './mqtt/client.ts'
export { Intake } from './store/intake.ts'
export { fields, list, parseMessage, parseRooms } from './mqtt/parse.ts' // for what reads more of the inbox later
