// What keys mean wherever the focus is: a table from what is pressed to what is wanted.

/** What of a keyboard event is looked at. */
export type Press = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey' | 'isComposing'>

export type Intent =
  | { want: 'jump' } // to a room or a person
  | { want: 'search', all: boolean } // in what is open, or in all rooms
  | { want: 'keys' } // to see all keys
  | { want: 'step', by: 1 | -1, unread: boolean } // to the next room
  | { want: 'nth', n: number } // to the nth room
  | { want: 'part', by: 1 | -1 } // to the next part of the page
  | { want: 'unread' } // to the unread line
  | { want: 'close' } // the top thing, else to be at the end

/**
 * What a press means. single: keys without Ctrl or Alt may mean something, which is not so while somebody types, nor for who has
 * turned them off (they get in the way of speaking to a computer).
 */
export function intent(p: Press, single: boolean): Intent | null {
  if (p.isComposing) return null // the key is for the input method
  const ctrl = p.ctrlKey !== p.metaKey
  if (ctrl && !p.altKey) {
    if (p.key.toLowerCase() === 'k' && !p.shiftKey) return { want: 'jump' }
    if (p.key.toLowerCase() === 'f' && p.shiftKey) return { want: 'search', all: true }
    return p.key === '/' ? { want: 'keys' } : null
  }
  if (p.ctrlKey || p.metaKey) return null
  if (p.altKey) {
    if (p.key === 'ArrowUp' || p.key === 'ArrowDown') return { want: 'step', by: p.key === 'ArrowDown' ? 1 : -1, unread: p.shiftKey }
    const digit = /^Digit([1-9])$/.exec(p.code) // by its place: with Alt a Mac makes another character of it
    return digit && !p.shiftKey ? { want: 'nth', n: Number(digit[1]) } : null
  }
  switch (p.key) {
    case 'F6': return { want: 'part', by: p.shiftKey ? -1 : 1 }
    case 'Escape': return { want: p.shiftKey ? 'unread' : 'close' }
    case '/': return single ? { want: 'search', all: false } : null
    case '?': return single ? { want: 'keys' } : null
    default: return null
  }
}
