// The connection as a person sees it: how the string hangs and what is said beside it. Short troubles are not spoken of.

/** What happened to the line, with the times that the words depend on. */
export interface Line {
  is: 'idle' | 'connecting' | 'online' | 'offline' | 'ended'
  ever: boolean // was online before
  since: number // milliseconds; of the present stretch: online, or not online
  back: { at: number, sent: number } | null // when it last came back after a time that was noticed, and what went out then
  stopping: boolean // the server said that it restarts
  end: End | null // why it ended for good
}

/** Why a session ended and does not come back by itself. */
export interface End {
  why: 'taken-over' | 'name' | 'kicked' | 'refused'
  code: number
  text: string // the server's sentence; may be empty
}

export const unconnected: Line = { is: 'idle', ever: false, since: 0, back: null, stopping: false, end: null }

const stopping = 0x8b // server shutting down, MQTT 5 §2.4

/** Milliseconds before each state is spoken of. */
export const after = { connecting: 1000, offline: 3000, unreachable: 30_000, back: 6000 }

/** What the string and the strip show. */
export interface Shown {
  string: 'taut' | 'waving' | 'slack'
  strip: 'none' | 'connecting' | 'restarting' | 'offline' | 'unreachable' | 'back' | 'ended'
}

/** The line after the client told a new state. waiting is how many messages wait for the connection; code the reason of an end, or 0. */
export function moved(line: Line, to: 'connecting' | 'online' | 'offline', now: number, waiting: number, code: number): Line {
  if (to === 'online') {
    const noticed = line.ever && line.is !== 'online' && now - line.since >= after.offline
    return { is: 'online', ever: true, since: now, back: noticed ? { at: now, sent: waiting } : null, stopping: false, end: null }
  }
  const since = line.is === 'online' || line.is === 'idle' || line.is === 'ended' ? now : line.since
  return { ...line, is: to, since, back: null, stopping: line.stopping || code === stopping, end: null }
}

/** The line after it ended for good. */
export function ended(line: Line, end: End, now: number): Line {
  return { ...line, is: 'ended', since: now, back: null, stopping: false, end }
}

/** What is shown at a moment. */
export function shown(line: Line, now: number): Shown {
  if (line.is === 'ended') return { string: 'slack', strip: 'ended' }
  if (line.is === 'online' || line.is === 'idle') {
    const back = line.back !== null && now - line.back.at < after.back
    return { string: 'taut', strip: back ? 'back' : 'none' }
  }
  const gone = now - line.since
  if (gone >= after.unreachable) return { string: 'slack', strip: 'unreachable' }
  if (line.stopping && gone >= after.connecting) return { string: 'waving', strip: 'restarting' }
  if (line.ever && gone >= after.offline) return { string: 'slack', strip: 'offline' }
  return { string: gone >= after.connecting || !line.ever ? 'waving' : 'taut', strip: gone >= after.connecting ? 'connecting' : 'none' }
}
