import assert from 'node:assert/strict'
import { beforeEach, mock, test } from 'node:test'
import { signal } from '@preact/signals'
import { rejoin } from '../../src/rejoin.ts'
import type { Chat } from '../../src/store/chat.ts'

const page = { visibilityState: 'visible' }
let there = true
let asked = 0
let tried = 0

/** A chat whose line is as told, with the page around it. */
function chat(is: string) {
  const line = signal({ is })
  rejoin({ line, tryNow: () => { tried++ } } as unknown as Chat)
  return (is: string) => { line.value = { is } }
}

/** Lets time pass until it has been asked so many times more. */
async function questions(n: number) {
  for (const until = asked + n; asked < until; await settled()) mock.timers.tick(1100)
}

const settled = () => new Promise((go) => setImmediate(go))

beforeEach(() => {
  mock.timers.reset()
  mock.timers.enable({ apis: ['setTimeout'] })
  Object.assign(globalThis, { document: page, fetch: async () => { asked++; if (!there) throw new Error('refused') } })
  Object.assign(page, { visibilityState: 'visible' })
  there = true
  asked = tried = 0
})

test('the line is tried as soon as a server that was gone answers', async () => {
  const become = chat('online')
  assert.equal(asked, 0, 'who has a line asks for nothing')
  there = false
  become('offline')
  await questions(5)
  assert.equal(tried, 0)
  there = true
  await questions(1)
  assert.equal(tried, 1)
  become('online')
  mock.timers.tick(60_000)
  await settled()
  const before = asked
  mock.timers.tick(60_000)
  await settled()
  assert.equal(asked, before, 'it is over')
  there = false
  become('offline')
  await questions(2)
  there = true
  await questions(1)
  assert.equal(tried, 2, 'the next time as well')
})

test('a server that answers and takes nobody is not hurried', async () => {
  const become = chat('connecting')
  become('offline')
  await questions(5)
  assert.equal(tried, 0)
  there = false
  await questions(1)
  become('connecting')
  there = true
  await questions(2)
  assert.equal(tried, 0, 'a try is under way')
  become('offline')
  await questions(3)
  assert.equal(tried, 1, 'once')
})

test('a page that is not seen asks for nothing', async () => {
  page.visibilityState = 'hidden'
  const become = chat('online')
  become('offline')
  for (let i = 0; i < 5; i++) {
    mock.timers.tick(1100)
    await settled()
  }
  assert.equal(asked, 0)
  page.visibilityState = 'visible'
  await questions(1)
})
