// Names as the server compares them. Shared vectors (bridge/names/testdata) hold this to the same answers.

/** A name as everybody would be shown it: the Nickname profile of PRECIS (RFC 8266) with the server's additions. */
export function canonical(name: string): string {
  return name
    .replace(/(?<=\p{Extended_Pictographic}|\p{Emoji_Modifier})[\ufe0e\ufe0f]/gu, '') // keyboards differ in sending it
    .replaceAll('’', "'").replace(/\p{Zs}+/gu, ' ').replace(/^ | $/g, '').normalize('NFKC').replace(/ +/g, ' ').replace(/^ | $/g, '')
}

/** A name without case: two with the same fold are spellings of one. */
export function fold(name: string): string {
  let s = canonical(name)
  for (let i = 0; i < 2; i++) s = [...s.normalize('NFD')].map(folded).join('').normalize('NFKC')
  return s
}

/** Full case folding of one character, from the mappings that JavaScript has. */
function folded(c: string): string {
  if (/\p{Script=Cherokee}/u.test(c)) return c.toUpperCase()
  if (c === 'ı') return c // not the same letter as i, though both have the same capital
  return c.toUpperCase().toLowerCase().replaceAll('ς', 'σ')
}
