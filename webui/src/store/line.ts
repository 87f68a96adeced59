// The connection as a person sees it: how the string hangs and what is said beside it. Short troubles are not spoken of.
import type { Refused } from '../mqtt/client.ts'

/** What happened to the line, with the times that the words depend on. */
export interface Line {
  is: 'idle' | 'connecting' | 'online' | 'offline' | 'ended'
  ever: boolean // was online before
  since: number // milliseconds; of the present stretch: online, or not online
  back: Back | null // when it last came back after a time that was noticed
  stopping: boolean // the server said that it restarts
  said: Said | null // why the server did not keep or take us last; null: it said nothing
  end: End | null // why it ended for good
}

/** What the server gave as a reason. */
export interface Said {
  code: number // MQTT 5 reason code, §2.4
  reason: string // its word for programs; may be empty
  text: string // its sentence; may be empty
  user?: Record<string, string> // the word again, and what the sentence speaks of
}

/** How the line came back. */
export interface Back {
  at: number
  sent: number // messages that waited
  slow: boolean // we were cut because we did not read fast enough
}

/** Why a session ended and does not come back by itself. */
export interface End extends Said {
  why: 'taken-over' | 'name' | 'kicked' | 'refused'
}

export const unconnected: Line = { is: 'idle', ever: false, since: 0, back: null, stopping: false, said: null, end: null }

const stopping = 0x8b // server shutting down, MQTT 5 §2.4
const quota = 0x97 // quota exceeded: in a DISCONNECT, of what waited for us

/** Milliseconds before each state is spoken of. */
export const after = { connecting: 1000, slow: 4000, offline: 3000, unreachable: 30_000, back: 6000 }

/** What the string and the strip show. */
export interface Shown {
  string: 'taut' | 'waving' | 'slack'
  strip: 'none' | 'connecting' | 'slow' | 'restarting' | 'full' | 'busy' | 'offline' | 'unreachable' | 'back' | 'ended'
}

/** The line after the client told a new state. waiting is how many messages wait for the connection; said what the server gave as a reason. */
export function moved(line: Line, to: 'connecting' | 'online' | 'offline', now: number, waiting: number, said: Said | null): Line {
  if (to === 'online') {
    const slow = line.said?.code === quota && line.said.reason === ''
    const noticed = line.ever && line.is !== 'online' && (slow || now - line.since >= after.offline)
    return { is: 'online', ever: true, since: now, back: noticed ? { at: now, sent: waiting, slow } : null, stopping: false, said: null, end: null }
  }
  const since = line.is === 'online' || line.is === 'idle' || line.is === 'ended' ? now : line.since
  // An attempt says nothing yet; one that fails without a word says that the server is not there any more.
  return { ...line, is: to, since, back: null, stopping: line.stopping || said?.code === stopping, said: to === 'connecting' ? line.said : said, end: null }
}

/** The line after it ended for good. */
export function ended(line: Line, end: End, now: number): Line {
  return { ...line, is: 'ended', since: now, back: null, stopping: false, said: null, end }
}

/** What the server gave as a reason. */
export function said(why: Refused): Said {
  return { code: why.code, reason: why.reason ?? '', text: why.text ?? '', user: why.user }
}

const nameReasons = ['name-taken', 'wrong-secret', 'look-alike', 'name-invalid', 'name-reserved', 'registered-only', 'too-many-tries']

/** What a refusal that nothing but a person can change means for the line. */
export function endOf(why: Refused): End {
  const aboutName = why.where === 'connack' && (nameReasons.includes(why.reason ?? '') || why.code === 0x86)
  return { ...said(why), why: why.code === 0x8e ? 'taken-over' : aboutName ? 'name' : why.code === 0x98 || why.code === 0x8a ? 'kicked' : 'refused' }
}

/** What is shown at a moment. asked is since when an answer of the server is waited for, 0: for none. */
export function shown(line: Line, now: number, asked = 0): Shown {
  if (line.is === 'ended') return { string: 'slack', strip: 'ended' }
  if (line.is === 'online' || line.is === 'idle') {
    if (line.is === 'online' && asked !== 0 && now - asked >= after.slow) return { string: 'waving', strip: 'slow' }
    const back = line.back !== null && now - line.back.at < after.back
    return { string: 'taut', strip: back ? 'back' : 'none' }
  }
  const gone = now - line.since
  if (line.said?.reason === 'full' && gone >= after.connecting) return { string: 'slack', strip: 'full' }
  if (line.said?.reason === 'busy' && gone >= after.connecting) return { string: 'slack', strip: 'busy' }
  if (gone >= after.unreachable) return { string: 'slack', strip: 'unreachable' }
  if ((line.stopping || line.said?.reason === 'stopping') && gone >= after.connecting) return { string: 'waving', strip: 'restarting' }
  if (gone >= after.offline) return { string: 'slack', strip: 'offline' }
  return { string: gone >= after.connecting || !line.ever ? 'waving' : 'taut', strip: gone >= after.connecting ? 'connecting' : 'none' }
}
