import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Leader } from '../../src/store/leader.ts'
import { type Identity, Memory, passing } from '../../src/store/memory.ts'
import { Person } from '../../src/store/person.ts'
import { Session, type Wire } from '../../src/store/session.ts'
import { Tabs } from '../../src/store/tabs.ts'
import { Browser } from './place.ts'

const noor: Identity = { name: 'noor', secret: 'tincan:1', chosen: false }
const wire: Wire = {
  start: () => {}, stop: async () => {}, tryNow: () => {}, unsubscribe: async () => {},
  subscribe: async (filters) => filters.map(() => 0), publish: async () => ({ code: 0, user: {} }),
}

/** A person in a tab, and what was done for it. */
function here(browser = new Browser()) {
  const did: string[] = []
  const session = new Session(() => 1000)
  const memory = new Memory(browser.lasting, passing())
  const person = new Person({
    session, memory, tabs: new Tabs(browser.channel(), () => () => {}),
    leader: new Leader({ lock: null, store: browser.lasting, now: () => 1000 }, 'tab'),
    connect: (me) => {
      did.push(`connect ${me.name} ${me.secret}`)
      session.begin(() => wire)
    },
    recognise: (name) => did.push(`recognise ${name}`),
    recall: async (name, former) => void did.push(`recall ${name} ${former}`.trim()),
    forget: () => did.push('forget'),
    erase: async (name) => void did.push(`erase ${name}`),
    clear: async () => void did.push('clear'),
    opened: (door) => did.push(`opened ${door}`),
  })
  return { person, session, memory, did, browser }
}

test('who is let in is in the room, and is remembered as the server says the name', () => {
  const { person, memory, did } = here()
  person.enter(noor, true)
  assert.equal(person.screen.value, 'welcome')
  person.letIn('Noor')
  assert.deepEqual([person.screen.value, person.name.value, person.credentials], ['room', 'Noor', 'Noor:tincan:1'])
  assert.deepEqual(memory.me(), { ...noor, name: 'Noor' })
  assert.deepEqual(did, ['connect noor tincan:1', 'recognise Noor', 'recall Noor'])
})

test('a name that turns out to be somebody else’s brings what was not sent along to the next one', async () => {
  const { person, session, did } = here()
  person.enter(noor, true)
  person.letIn('noor')
  session.moved('online', 0)
  person.refused({ where: 'connack', code: 0x86, reason: 'name-taken', text: 'taken' })
  assert.deepEqual([session.line.value.is, session.line.value.end?.why, person.screen.value], ['ended', 'name', 'room']) // what was written stays in sight
  await person.otherName()
  assert.deepEqual([person.screen.value, person.no.value?.reason, person.no.value?.name, session.open], ['welcome', 'name-taken', 'noor', false])
  person.enter({ ...noor, name: 'noor-2' }, true)
  person.letIn('noor-2')
  assert.equal(did.at(-1), 'recall noor-2 noor')
})

test('a secret that another tab changed is taken over instead of being refused', () => {
  const { person, memory, did } = here()
  person.enter(noor, true)
  person.letIn('noor')
  memory.setMe({ ...noor, secret: 'sesame', chosen: true }, true)
  person.refused({ where: 'connack', code: 0x86, reason: 'wrong-secret' })
  assert.equal(did.at(-1), 'connect noor sesame')
  assert.equal(person.no.value, null)
})

test('who signs out is gone in the other tabs, too, and can be forgotten altogether', async () => {
  const one = here()
  const two = here(one.browser)
  for (const { person } of [one, two]) {
    person.enter(noor, true)
    person.letIn('noor')
  }
  await one.person.forgetAll()
  assert.deepEqual([one, two].map(({ person }) => [person.screen.value, person.name.value]), [['welcome', ''], ['welcome', '']])
  assert.deepEqual(one.did.slice(-3), ['forget', 'erase noor', 'clear'])
  assert.equal(one.memory.me(), null)
})

test('a session hears nothing of a wire that was replaced, and knows since when an answer is owed', async () => {
  let now = 5
  const session = new Session(() => now)
  let is = () => false
  session.begin((isMine) => {
    is = isMine
    return { ...wire, publish: () => new Promise(() => {}) }
  })
  assert.equal(is(), true)
  void session.publish('t', 'x')
  now = 9
  void session.publish('t', 'y')
  assert.equal(session.asked, 5)
  await assert.rejects(session.publishNow('t', 'z'), /not connected/)
  session.begin(() => wire)
  assert.equal(is(), false)
  await session.hangUp()
  await assert.rejects(session.publish('t', 'x'), /not connected/)
})
