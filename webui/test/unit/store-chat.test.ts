import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Wish } from '../../src/store/conversation.ts'
import { nothing } from '../../src/store/drafts.ts'
import { Memory, passing } from '../../src/store/memory.ts'
import { Place, quiet } from './place.ts'

test('the first visit: a name, a secret that the page makes, and the room', async () => {
  const p = new Place()
  p.say('ada', 'hello')
  await p.begin(null)
  assert.equal(p.chat.person.screen.value, 'welcome')
  await p.join()
  assert.equal(p.chat.person.screen.value, 'room')
  assert.equal(p.line.name, 'noor')
  assert.ok((p.line.secret ?? '').length >= 20)
  assert.deepEqual(p.line.user, [['kind', 'person'], ['label', 'laptop']])
  assert.ok(p.subscribed.includes('chat/room/lobby/#') && p.subscribed.includes('chat/user/me/inbox/#'))
  assert.deepEqual(p.texts, ['beginning', 'day', 'hello'])
})

test('a remembered person is let in without asking, with the same secret', async () => {
  const p = new Place()
  await p.join()
  const { secret } = p.line
  p.chat = p.open()
  await p.begin(null)
  assert.equal(p.chat.person.screen.value, 'room')
  assert.equal(p.line.secret, secret)
})

test('who is not to be remembered is forgotten with the tab', async () => {
  const p = new Place()
  p.entrance.type('noor')
  p.entrance.join('', false)
  await p.online()
  p.chat = p.open() // a reload
  await p.begin(null)
  await p.online()
  p.tab = passing() // another tab
  p.chat = p.open()
  await p.begin(null)
  assert.equal(p.chat.person.screen.value, 'welcome')
})

test('the name is checked a quarter of a second after the last key', async () => {
  const p = new Place()
  p.checks.set('noor', { name: 'noor', state: 'taken', like: '', text: '', suggest: ['noor-2'] })
  p.entrance.type('noo')
  p.entrance.type('noor')
  assert.equal(p.later.length, 1)
  await p.pass(1000)
  assert.equal(p.entrance.field.value.check?.state, 'taken')
})

test('a refused connect comes back to the name, with its reason', async () => {
  const p = new Place()
  p.entrance.type('ada')
  p.entrance.join('', true)
  p.line.onState('ended', { where: 'connack', code: 0x86, reason: 'name-taken', text: 'taken' })
  assert.equal(p.chat.person.screen.value, 'welcome')
  assert.equal(p.entrance.field.value.no?.reason, 'name-taken')
  assert.equal(p.entrance.field.value.value, 'ada')
})

test('taken over: it ends, does not come back by itself, and comes back as another session', async () => {
  const p = new Place()
  await p.join()
  p.line.onState('ended', { where: 'disconnect', code: 0x8e })
  await p.pass(60_000)
  assert.equal(p.connects.length, 1)
  assert.equal(p.chat.line.value.end?.why, 'taken-over')
  p.chat.tryNow()
  assert.equal(p.connects.length, 2)
  assert.notEqual(p.connects[1].clientId, p.connects[0].clientId)
})

test('a message is seen once, in the order of seq, whatever comes first', async () => {
  const p = new Place()
  await p.join()
  const [a, b, c] = ['a', 'b', 'c'].map((t) => p.say('ada', t))
  p.mute = true
  for (const m of [b, a, b, c, a]) p.bring(m)
  assert.deepEqual(p.texts.slice(-3), ['a', 'b', 'c'])
})

test('a gap is asked for and filled', async () => {
  const p = new Place()
  p.say('ada', 'one')
  await p.join()
  for (let i = 2; i <= 9; i++) p.say('ada', `m${i}`)
  p.bring(p.log[8])
  await quiet()
  assert.deepEqual(p.texts.slice(-9), ['one', ...[2, 3, 4, 5, 6, 7, 8, 9].map((i) => `m${i}`)])
  assert.deepEqual(p.published.filter((x) => x.topic.endsWith('history')).at(-1)?.body.after, 1)
})

test('what was missed while the line was down is fetched, under the unread line', async () => {
  const p = new Place()
  p.say('ada', 'one')
  await p.join()
  await p.pass(5000)
  p.line.onState('offline')
  await p.pass(5000)
  p.say('ada', 'two')
  p.say('ada', 'three')
  await p.online()
  assert.deepEqual(p.texts.slice(-4), ['one', 'cut', 'two', 'three'])
  assert.equal(p.chat.places.current.value.wish.value?.way, 'cut')
})

test('after a long absence the newest come first and the gap waits for the reader', async () => {
  const p = new Place()
  p.say('ada', 'one')
  await p.join()
  p.line.onState('offline')
  for (let i = 0; i < 600; i++) p.say('ada', `m${i}`)
  await p.online()
  const c = p.chat.places.current.value
  assert.ok(p.texts.includes('gap 550'))
  assert.equal(p.texts.at(-1), 'm599')
  p.chat.places.fill(c, 1, 552, 'above')
  await quiet()
  assert.ok(p.texts.includes('gap 350') && p.texts.includes('m0'))
})

test('older pages are fetched until the beginning', async () => {
  const p = new Place()
  for (let i = 1; i <= 180; i++) p.say('ada', `m${i}`)
  await p.join()
  const c = p.chat.places.current.value
  for (let i = 0; i < 3; i++) {
    p.chat.places.older(c)
    await quiet()
  }
  assert.deepEqual(p.texts.slice(0, 3), ['beginning', 'day', 'm1'])
  const asked = p.published.length
  p.chat.places.older(c)
  assert.equal(p.published.length, asked)
})

test('no answer within ten seconds: the reader may try again', async () => {
  const p = new Place()
  for (let i = 1; i <= 80; i++) p.say('ada', `m${i}`)
  await p.join()
  const c = p.chat.places.current.value
  p.mute = true
  p.chat.places.older(c)
  await p.pass(11_000)
  assert.ok(c.failed.value.has('older'))
  p.mute = false
  p.chat.places.older(c)
  await quiet()
  assert.ok(!c.failed.value.has('older') && p.texts.includes('m1'))
})

test('a room opens at the unread line, also far back', async () => {
  const p = new Place()
  for (let i = 1; i <= 500; i++) p.say('ada', `m${i}`)
  p.entrance.type('noor')
  p.entrance.join('', true)
  p.line.onReady({ name: 'noor', sessionPresent: false, user: {}, refused: [] })
  p.tell('chat/user/me/inbox', { type: 'read', room: 'lobby', seq: 100 })
  p.line.onState('online')
  await quiet()
  const c = p.chat.places.current.value
  assert.deepEqual(c.cut.value, { after: 100, until: 500 })
  assert.equal(c.wish.value?.way, 'cut')
  assert.deepEqual(p.texts.slice(p.texts.indexOf('cut') - 1, p.texts.indexOf('cut') + 2), ['m100', 'cut', 'm101'])
})

test('what stood on the screen for a second is read, and posted once', async () => {
  const p = new Place()
  p.say('ada', 'one')
  await p.join()
  p.chat.setHere(true, true)
  p.bring(p.say('ada', 'two'))
  p.chat.reading.saw(p.chat.places.current.value, 2)
  await p.pass(4000)
  const reads = p.published.filter((x) => x.topic === 'chat/room/lobby/read')
  assert.deepEqual(reads.map((r) => r.body.seq), [2])
})

test('what comes while nobody looks stays unread, under the line', async () => {
  const p = new Place()
  p.say('ada', 'one')
  await p.join()
  p.chat.setHere(false, false)
  p.bring(p.say('ada', '@noor two'))
  p.chat.reading.saw(p.chat.places.current.value, 2)
  await p.pass(4000)
  assert.deepEqual(p.published.filter((x) => x.topic.endsWith('/read')), [])
  assert.deepEqual(p.texts.slice(-3), ['one', 'cut', '@noor two'])
  assert.deepEqual(p.chat.places.current.value.mentions.value, [2])
  p.chat.setHere(true, true)
  await p.pass(3000)
  assert.deepEqual(p.chat.places.current.value.mentions.value, [])
})

test('my message: at once, then acknowledged, then brought, never twice', async () => {
  const p = new Place()
  await p.join()
  p.chat.send('hi')
  assert.equal(p.texts.at(-1), 'hi (sending)')
  await quiet()
  assert.equal(p.texts.at(-1), 'hi (kept)')
  p.bring(p.log[0])
  assert.deepEqual(p.texts.slice(-2), ['day', 'hi'])
})

test('the acknowledgement is lost with the line: the message is found in the history, not sent into sight twice', async () => {
  const p = new Place()
  p.say('ada', 'one')
  await p.join()
  p.line.onState('offline')
  p.chat.send('hi')
  const { id } = p.chat.post.box.value[0]
  p.say('noor', 'hi', id) // the server had it all the same
  p.mute = true // and answers the repeat late
  p.line.onState('online')
  p.mute = false
  await p.chat.places.toEnd(p.chat.places.current.value)
  await quiet()
  assert.equal(p.texts.filter((t) => t.startsWith('hi')).length, 1)
})

test('comings are folded, and my own are not told', async () => {
  const p = new Place()
  p.say('ada', 'one')
  await p.join()
  const member = (name: string, kind = 'person') => ({ name, kind, state: 'online', since: '2026-05-01T10:00:00Z', sessions: [] })
  p.tell('chat/room/lobby/roster', { epoch: 'e', rev: 1, count: 1, members: [member('ada')] }, true)
  p.tell('chat/room/lobby/presence', { epoch: 'e', rev: 2, join: [member('noor'), member('bob'), member('plug', 'device')] })
  p.tell('chat/room/lobby/presence', { epoch: 'e', rev: 3, leave: ['ada'] })
  const note = p.chat.places.current.value.rows.value.find((r) => r.is === 'note')
  assert.deepEqual(note?.is === 'note' && note.note, { joined: ['bob'], left: ['ada'], devicesJoined: ['plug'], devicesLeft: [] })
})

test('a missed presence message asks for the roster again, not for each that follows', async () => {
  const p = new Place()
  await p.join()
  p.tell('chat/room/lobby/roster', { epoch: 'e', rev: 1, count: 0, members: [] }, true)
  const before = p.subscribed.length
  for (const rev of [5, 6, 7]) p.tell('chat/room/lobby/presence', { epoch: 'e', rev, leave: ['x'] })
  assert.equal(p.subscribed.length, before + 1)
})

test('a direct message opens a conversation with the other end', async () => {
  const p = new Place()
  await p.join()
  p.tell('chat/user/me/inbox', { type: 'message', message: { seq: 3, id: 'x', time: '2026-05-01T10:00:00Z', from: 'bob', to: 'noor', kind: 'text', text: 'psst' } })
  assert.deepEqual(p.chat.places.mates.value.map((m) => m.name), ['bob'])
  assert.equal(p.chat.places.find('user/bob')?.mentions.value.length, 1)
})

test('a refusal in the inbox reaches the message that it is about', async () => {
  const p = new Place()
  await p.join()
  p.mute = true
  p.chat.send('hi')
  const { id } = p.chat.post.box.value[0]
  p.tell('chat/user/me/inbox', { type: 'error', code: 'muted', id, text: 'you are muted' })
  assert.equal(p.chat.post.box.value[0].why, 'you are muted')
})

test('rooms are joined by going there, remembered, and left', async () => {
  const p = new Place()
  await p.join()
  p.chat.go({ at: 'room', room: 'kitchen', seq: 0 })
  assert.ok(p.subscribed.includes('chat/room/kitchen/#'))
  assert.deepEqual(new Memory(p.lasting, p.tab).rooms(), ['lobby', 'kitchen'])
  p.chat.places.leave('kitchen')
  assert.deepEqual(p.chat.places.items.value.map((i) => i.room), ['lobby'])
  assert.equal(p.chat.places.current.value.key, 'room/lobby')
})

test('away when hidden for half a minute, back at once', async () => {
  const p = new Place()
  await p.join()
  p.chat.setHere(false, false)
  await p.pass(32_000)
  p.chat.setHere(true, true)
  await quiet()
  assert.deepEqual(p.published.filter((x) => x.topic === 'chat/user/me/away').map((x) => x.body), [1, 0])
})

test('another build on the server offers to reload; the same does not', async () => {
  const p = new Place()
  await p.join()
  const status = (build: string) => p.tell('chat/server/status', { state: 'online', version: '1', since: '', build }, true)
  status('b1')
  assert.equal(p.chat.server.newer.value, false)
  status('b2')
  assert.equal(p.chat.server.newer.value, true)
})

test('drafts are kept for each conversation, also over a reload', async () => {
  const p = new Place()
  await p.join()
  const draft = { text: 'unfinished', reply: 'm1', caret: 3 }
  p.chat.drafts.set('room/lobby', draft)
  const again = p.open()
  await again.open(null)
  assert.deepEqual(again.drafts.of('room/lobby'), draft)
  p.chat.send('done')
  assert.deepEqual(p.chat.drafts.of('room/lobby'), nothing)
  assert.equal(p.browser.shelf.rows.get('drafts')!.size, 0)
})

test('the list of rooms knows a newer message than the room brought: it is fetched', async () => {
  const p = new Place()
  p.say('ada', 'one')
  await p.join()
  p.say('ada', 'two')
  p.tell('chat/server/rooms', [{ room: 'lobby', topic: '', last: 2 }], true)
  await quiet()
  assert.deepEqual(p.texts.slice(-2), ['one', 'two'])
})

test('what was on the screen for less than a second is not read', async () => {
  const p = new Place()
  await p.join()
  p.chat.setHere(true, true)
  p.bring(p.say('ada', 'one'))
  p.chat.reading.saw(p.chat.places.current.value, 1)
  p.now += 900
  p.chat.tick()
  p.chat.go({ at: 'room', room: 'kitchen', seq: 0 })
  p.chat.reading.saw(p.chat.places.current.value, 1)
  await p.pass(4000)
  assert.deepEqual(p.published.filter((x) => x.topic === 'chat/room/lobby/read'), [])
})

test('who writes has read what is on the screen, and what was written; not what is out of sight', async () => {
  const p = new Place()
  p.say('ada', 'one')
  await p.join()
  p.chat.setHere(true, true)
  const lobby = p.chat.places.current.value
  const read = () => p.chat.reading.marks.value.get('room/lobby')
  p.bring(p.say('ada', 'two'))
  p.chat.reading.saw(lobby, 2)
  p.bring(p.say('noor', 'mine'))
  assert.equal(read(), 3)
  p.chat.go({ at: 'room', room: 'kitchen', seq: 0 })
  p.chat.go({ at: 'room', room: 'lobby', seq: 0 })
  assert.equal(lobby.cut.value, null)
  p.bring(p.say('ada', 'below the screen'))
  p.bring(p.say('noor', 'from elsewhere'))
  assert.equal(read(), 3)
  p.chat.go({ at: 'room', room: 'kitchen', seq: 0 })
  p.chat.reading.know('room/kitchen', 0)
  p.chat.reading.saw(p.chat.places.current.value, 2)
  p.bring(p.say('noor', 'from a phone'))
  assert.equal(p.chat.reading.marks.value.get('room/kitchen'), 0)
  p.chat.go({ at: 'room', room: 'lobby', seq: 0 })
  p.chat.reading.pin(lobby, 3)
  p.chat.reading.saw(lobby, 6)
  p.bring(p.say('noor', 'to be seen again'))
  assert.equal(read(), 2)
})

test('a link to a message far back loads its neighbourhood and knows how far it is from the end', async () => {
  const p = new Place()
  for (let i = 1; i <= 900; i++) p.say('ada', `m${i}`)
  p.chat.go({ at: 'room', room: 'lobby', seq: 300 })
  await p.join()
  assert.ok(p.texts.includes('m300') && p.texts.includes('m280') && p.texts.includes('m900'))
  assert.deepEqual(p.chat.places.current.value.wish.value, { way: 'message', seq: 300 })
  assert.equal(p.chat.places.current.value.last.value, 900)
})

test('a member to whom nothing was said does not stay in the list', async () => {
  const p = new Place()
  await p.join()
  p.chat.go({ at: 'user', user: 'bob' })
  assert.deepEqual(p.chat.places.mates.value.map((m) => m.name), ['bob'])
  p.chat.go({ at: 'user', user: 'eve' })
  p.chat.post.write({ user: 'eve' }, 'psst', 'noor')
  p.chat.go({ at: 'room', room: 'lobby', seq: 0 })
  assert.deepEqual(p.chat.places.mates.value.map((m) => m.name), ['eve'])
  assert.deepEqual(new Memory(p.lasting, p.tab).mates('noor').map((m) => m.name), ['eve'])
})

test('typing on while the answer is awaited gives the attempt up', async () => {
  const p = new Place()
  p.entrance.type('ada')
  p.entrance.join('', true)
  p.entrance.type('adam')
  p.line.onState('ended', { where: 'connack', code: 0x86, reason: 'name-taken', text: 'taken' })
  assert.equal(p.entrance.field.value.no, null)
  assert.equal(p.entrance.field.value.joining, false)
})

test('a taken name that was not checked before is asked for suggestions', async () => {
  const p = new Place()
  p.checks.set('ada', { name: 'ada', state: 'taken', like: '', text: '', suggest: ['ada-2'] })
  p.entrance.type('ada')
  p.entrance.join('', true)
  p.line.onState('ended', { where: 'connack', code: 0x86, reason: 'name-taken', text: 'taken' })
  await quiet()
  assert.deepEqual(p.entrance.field.value.check?.suggest, ['ada-2'])
  assert.equal(p.entrance.field.value.no?.reason, 'name-taken')
})

test('who does not want it known that he or she is writing tells nobody', async () => {
  const p = new Place()
  const { chat } = p
  await p.join()
  const typed = () => p.published.filter((x) => x.topic.endsWith('/typing/me')).map((x) => x.body)
  chat.settings.set({ typing: false })
  chat.activity.key(chat.places.current.value, false)
  assert.deepEqual(typed(), [])
  chat.settings.set({ typing: true })
  chat.activity.key(chat.places.current.value, false)
  assert.equal(typed().length, 1)
})

test('what I send does not take me past what I have not read', async () => {
  const p = new Place()
  for (const text of ['one', 'two', 'three']) p.say('ada', text)
  await p.join()
  const c = p.chat.places.current.value
  c.wish.value = null
  c.anchor = 1 // the reader is further up, and all is read
  p.chat.send('mine')
  assert.equal((c.wish.value as Wish | null)?.way, 'end')
  c.wish.value = null
  p.chat.reading.pin(c, 2)
  p.chat.send('mine again')
  assert.equal(c.wish.value, null)
  c.anchor = Infinity // at the end
  p.chat.send('and again')
  assert.equal((c.wish.value as Wish | null)?.way, 'end')
})

test('who is spoken to in a room that is not open is told once, whatever is told again', async () => {
  const p = new Place()
  await p.join()
  const heard: string[] = []
  p.chat.arrivals.heard.subscribe((all) => heard.push(...all.map((h) => `${h.conversation.key} ${h.message.text} ${h.mention}`)))
  const say = (text: string) => p.say('ada', text).seq
  const counts = async (mentions: number[], room = 'kiln') => {
    p.tell('chat/user/me/inbox', { type: 'counts', rooms: { [room]: { unread: mentions.length, mentions, last: p.log.length } } })
    await quiet()
  }
  const old = say('@noor long ago')
  p.tell('chat/user/me/inbox', { type: 'marks', rooms: {}, counts: { kiln: { unread: 1, mentions: [old], last: old } } })
  await quiet()
  await counts([old])
  assert.deepEqual(heard, [], 'what waited when I came is no news')
  assert.deepEqual(p.chat.places.conversation({ room: 'kiln' }).mentions.value, [old])
  const first = say('@noor look')
  await counts([old, first])
  await counts([old, first])
  await counts([]) // it was edited
  await counts([first])
  assert.deepEqual(heard, ['room/kiln @noor look true'])
  await counts([first, say('@room lunch')])
  assert.deepEqual(heard.slice(1), ['room/kiln @room lunch true'])
  p.tell('chat/user/me/inbox', { type: 'read', room: 'kiln', seq: 99 })
  await counts([first])
  assert.deepEqual([heard.length, p.chat.places.conversation({ room: 'kiln' }).mentions.value], [2, []])
  await counts([say('@noor here')], 'lobby') // it comes as a message
  assert.equal(heard.length, 2)
})
