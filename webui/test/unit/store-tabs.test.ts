import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nothing } from '../../src/store/drafts.ts'
import { Leader } from '../../src/store/leader.ts'
import { passing } from '../../src/store/memory.ts'
import { Tabs } from '../../src/store/tabs.ts'
import { Browser, Place, quiet } from './place.ts'

/** Two tabs of one person in one browser; the server of each has the same log. */
async function twoTabs(): Promise<[Place, Place]> {
  const one = new Place(new Browser(), 'tab-1')
  await one.join()
  const two = new Place(one.browser, 'tab-2')
  two.log = one.log
  await two.begin(null)
  await two.online()
  return [one, two]
}

const draft = (text: string) => ({ text, reply: '', caret: text.length })

test('a draft that is written in one tab is in the other, and goes with its sending', async () => {
  const [one, two] = await twoTabs()
  one.chat.drafts.set('room/lobby', draft('unfinished'))
  assert.deepEqual(two.chat.drafts.of('room/lobby'), draft('unfinished'))
  assert.deepEqual(two.chat.drafts.heard.value, { key: 'room/lobby' })
  assert.notEqual(one.chat.drafts.heard.value?.key, 'room/lobby') // nothing comes back
  one.chat.send('done')
  assert.deepEqual(two.chat.drafts.of('room/lobby'), nothing)
})

test('what is read in one tab is read in the other, without the network', async () => {
  const [one, two] = await twoTabs()
  one.chat.setHere(true, true)
  two.chat.setHere(false, false)
  const m = one.say('ada', '@noor look')
  one.bring(m)
  two.bring(m)
  assert.equal(two.chat.places.current.value.mentions.value.length, 1)
  one.chat.reading.saw(one.chat.places.current.value, m.seq)
  await one.pass(2000)
  assert.equal(two.chat.reading.marks.value.get('room/lobby'), m.seq)
  assert.equal(two.chat.places.current.value.mentions.value.length, 0)
  await two.pass(3000)
  assert.equal(two.published.filter((x) => x.topic.endsWith('/read')).length, 0)
})

test('signing out is for all tabs of the name, and for those of no other', async () => {
  const [one, two] = await twoTabs()
  const eve = new Place(one.browser, 'tab-3')
  await eve.join('eve')
  await one.chat.person.signOut()
  await quiet()
  assert.deepEqual([one, two, eve].map((p) => p.chat.person.screen.value), ['welcome', 'welcome', 'room'])
  assert.equal(two.chat.me.value, '')
})

test('signing out forgets what others wrote and keeps what was not sent', async () => {
  const p = new Place()
  p.say('ada', 'hello')
  await p.join()
  p.chat.tick()
  p.line.onState('offline')
  p.chat.send('waits')
  await quiet()
  const { rows } = p.browser.shelf
  assert.deepEqual([rows.get('logs')!.size, rows.get('marks')!.size, rows.get('outbox')!.size], [1, 1, 1])
  await p.chat.person.signOut()
  assert.deepEqual([rows.get('logs')!.size, rows.get('marks')!.size, rows.get('outbox')!.size], [0, 0, 1])
  await p.chat.person.forgetAll()
  assert.equal(rows.get('outbox')!.size, 0)
  assert.equal(p.lasting.getItem('tincan.secrets'), null)
})

test('what a closed tab did not send goes out from the other, once, under the same id', async () => {
  const [one, two] = await twoTabs()
  one.line.onState('offline')
  one.chat.send('a')
  one.chat.send('b')
  const ids = one.chat.post.box.value.map((e) => e.id)
  await quiet() // and the tab is closed
  await two.pass(5000)
  two.chat.tend()
  await quiet()
  assert.equal(two.published.filter((x) => x.topic.endsWith('/say')).length, 0) // it may live yet
  await two.pass(6000)
  two.chat.tend()
  await quiet()
  await two.pass(1000)
  assert.deepEqual(two.published.filter((x) => x.topic.endsWith('/say')).map((x) => [x.body.text, x.body.id]), [['a', ids[0]], ['b', ids[1]]])
})

test('a client id that another tab uses is found out, one that nobody uses is not', async () => {
  const browser = new Browser()
  const timers: (() => void)[] = []
  const later = (_: number, f: () => void) => (timers.push(f), () => {})
  new Tabs(browser.channel(), later).answer(() => 'tab-1')
  const copy = new Tabs(browser.channel(), later)
  assert.equal(await copy.taken('tab-1'), true)
  const free = copy.taken('tab-2')
  timers.at(-1)!()
  assert.equal(await free, false)
})

test('what other builds say is read with care', async () => {
  const [, two] = await twoTabs()
  const other = two.browser.channel()
  for (const said of [null, 7, 'x', {}, { is: 'read' }, { is: 'read', name: 'noor', key: 'room/lobby', seq: 'x' }, { is: 'draft', name: 'noor', key: 'room/lobby', draft: 7 }, { is: 'out' }, { is: 'new' }]) other.post(said)
  assert.equal(two.chat.person.screen.value, 'room')
  assert.deepEqual(two.chat.drafts.of('room/lobby'), nothing)
  other.post({ is: 'draft', name: 'noor', key: 'room/lobby', draft: { text: 'ok', caret: 99 } })
  assert.deepEqual(two.chat.drafts.of('room/lobby'), draft('ok'))
})

test('one tab of a name leads; another one follows when it resigns or dies', () => {
  const store = passing()
  let time = 1000
  const tab = (id: string, name = 'noor') => {
    const l = new Leader({ lock: null, store, now: () => time }, id)
    l.stand(name)
    return l
  }
  const [a, b, eve] = [tab('a'), tab('b'), tab('c', 'eve')]
  const lead = () => [a, b, eve].map((l) => l.is.value)
  assert.deepEqual(lead(), [true, false, true])
  const pass = (ms: number, ...alive: Leader[]) => {
    for (const end = time + ms; time < end;) {
      time += 1000
      for (const l of alive) l.tick()
    }
  }
  pass(60_000, a, b, eve)
  assert.deepEqual(lead(), [true, false, true])
  a.resign()
  b.tick()
  assert.deepEqual(lead(), [false, true, true])
  a.stand('noor')
  assert.deepEqual(lead(), [false, true, true])
  pass(8000, a, eve) // b sleeps
  assert.equal(a.is.value, true)
  b.tick() // and wakes
  assert.deepEqual(lead(), [true, false, true])
  store.setItem('tincan.leader.noor', '{"tab":7')
  b.tick()
  assert.equal(b.is.value, true)
})

test('with locks of the browser the one who has the lock leads', () => {
  const waiting: { name: string, held: () => void }[] = []
  const lock = (name: string, held: () => void) => {
    const me = { name, held }
    waiting.push(me)
    if (waiting.filter((w) => w.name === name)[0] === me) held()
    return () => {
      waiting.splice(waiting.indexOf(me), 1)
      waiting.find((w) => w.name === name)?.held()
    }
  }
  const [a, b] = ['a', 'b'].map((id) => new Leader({ lock, store: passing(), now: () => 0 }, id))
  a.stand('noor')
  b.stand('noor')
  assert.deepEqual([a.is.value, b.is.value], [true, false])
  a.stand('')
  assert.deepEqual([a.is.value, b.is.value], [false, true])
})
