import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Memory, passing } from '../../src/store/memory.ts'
import { invitation, read, write } from '../../src/store/route.ts'
import { Place } from './place.ts'

test('places are read from the address and written back', () => {
  for (const p of [{ at: 'room', room: 'électronique', seq: 0 }, { at: 'room', room: 'lobby', seq: 1207 }, { at: 'user', user: 'Ada / Okafor? 🦊' }] as const) assert.deepEqual(read(write(p)), p)
  assert.deepEqual(read('#lobby'), { at: 'room', room: 'lobby', seq: 0 })
  assert.deepEqual(read('#/room/Lobby/x'), { at: 'room', room: 'lobby', seq: 0 })
  for (const bad of ['', '#', '#/', '#/room/', '#/room/a+b', '#/elsewhere/x', '#/user/']) assert.equal(read(bad), null, bad)
})

test('an invitation names its room, and brings what opens it', () => {
  assert.deepEqual(read('#/room/lobby/7?door=a%20b'), { at: 'room', room: 'lobby', seq: 7 })
  assert.deepEqual(invitation('#/room/lobby?door=caf%C3%A9%26tea&code=4711'), { door: 'café&tea', code: '4711' })
  assert.deepEqual(invitation('#/room/lobby?code=x'), { door: '', code: 'x' })
  for (const none of ['', '#/room/lobby', '#/room/lobby?', '#/room/lobby?other=1', '#/user/door=1']) assert.equal(invitation(none), null, none)
  assert.equal(invitation(`#lobby?door=${'x'.repeat(5000)}`)?.door.length, 200)
})

test('it is kept behind the name page, and told to the server with the name', async () => {
  const p = new Place()
  new Memory(p.lasting, p.tab).setInvitation({ door: 'open sesame', code: '' })
  await p.begin({ at: 'room', room: 'workshop', seq: 0 })
  assert.equal(p.chat.person.screen.value, 'welcome')
  await p.join()
  assert.deepEqual(p.line.user, [['kind', 'person'], ['label', 'laptop'], ['door', 'open sesame']])
  assert.equal(p.chat.places.current.value.key, 'room/workshop')
  assert.ok(p.subscribed.includes('chat/room/workshop/#'))
  assert.deepEqual(new Memory(p.lasting, passing()).invitation(), { door: 'open sesame', code: '' }) // the next visit opens it, too
})
