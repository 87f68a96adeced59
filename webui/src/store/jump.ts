// What somebody means who types the first letters of something.

const plain = (s: string) => s.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '')

/** What was typed, without the sign that says what it is. */
function wanted(typed: string): string {
  return plain(typed.trim().replace(/^[#@]/, ''))
}

/** Those that begin with what was typed, then those that have a word that does, then those that have it in them; accents do not count. */
export function fitting<T extends { name: string }>(all: readonly T[], typed: string): T[] {
  const q = wanted(typed)
  const rank = (name: string) => {
    const at = name.indexOf(q)
    return at <= 0 ? at : new RegExp(`[\\s._-]${q.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`).test(name) ? 1 : 2
  }
  const ranked = all.map((x) => [x, rank(plain(x.name))] as const).filter(([, r]) => r >= 0)
  return [0, 1, 2].flatMap((r) => ranked.filter(([, is]) => is === r).map(([x]) => x))
}

/** A name in three: before what was typed, that, and after; whole when it is not plainly in it. */
export function parted(name: string, typed: string): [string, string, string] {
  const q = typed.trim().replace(/^[#@]/, '').toLowerCase()
  const at = q === '' ? -1 : name.toLowerCase().indexOf(q)
  return at < 0 ? [name, '', ''] : [name.slice(0, at), name.slice(at, at + q.length), name.slice(at + q.length)]
}
