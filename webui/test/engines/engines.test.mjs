// What a person does first and most, in the engines of other browsers: Chromium is asked for everything, in test/browser.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { House, until } from '../browser/house.mjs'
import { engines } from './driver.mjs'

/** Notes what goes wrong in the page. */
function watch() {
  window.faults = []
  addEventListener('error', (e) => window.faults.push(e.message))
  addEventListener('unhandledrejection', (e) => window.faults.push(String(e.reason)))
  document.addEventListener('securitypolicyviolation', (e) => window.faults.push(`${e.violatedDirective} ${e.blockedURI}`))
}

const online = () => /\d+\W* (person|people)/.test(document.querySelector('.side__count')?.textContent ?? '')
const texts = () => [...document.querySelectorAll('.log .message__body > .text')].map((e) => e.textContent)
const focused = () => document.activeElement.getAttribute('aria-label')?.replace(/[\u2068\u2069]/g, '')

for (const { engine, skip } of engines) test(`${engine.name}: join, talk, open and close what lies over the page, lose the line and be back`, { skip }, async (t) => {
  const house = await House.open(t)
  const b = await engine.open()
  t.after(() => b.close())
  const sees = (...all) => until(`the log has ${all}`, async () => assert.deepEqual(await b.run(texts), all) ?? true)
  const say = async (text) => {
    await b.click('#write')
    await b.type(text)
    await b.press('Enter')
  }

  // A link to a room survives the choice of a name.
  await b.go(`${house.local}#/room/kiln`)
  await b.run(watch)
  await b.click('#name')
  await b.type('Ada')
  await b.until('the name is free', () => document.body.textContent.includes('is free'))
  await b.press('Enter')
  await b.until('the line is there', online)
  assert.equal(await b.run(() => location.hash), '#/room/kiln')

  const heard = []
  const pump = await house.device('pump')
  pump.on('message', (topic, payload) => heard.push(JSON.parse(payload).text))
  await pump.subscribeAsync('chat/room/kiln/messages', { qos: 1 })
  await say('hello')
  await until('the pump hears it', async () => heard.includes('hello'))
  await pump.publishAsync('chat/room/kiln/say', 'hello **yourself**', { qos: 1 })
  await sees('hello', 'hello yourself')

  // Each dialog shows what it holds, and gives the focus back.
  for (const opener of ['Settings', 'Invite people', 'New room']) {
    await b.click(`[aria-label="${opener}"]`)
    await b.until(`${opener} is there`, () => document.querySelector('dialog[open] h2') !== null)
    await b.until(`${opener} can be read`, () => document.querySelector('dialog[open]').clientHeight > 200)
    await b.press('Escape')
    await b.until(`${opener} is closed`, () => !document.querySelector('dialog[open]'))
    assert.equal(await b.run(focused), opener)
  }

  // In a search field Escape takes the words first.
  await b.click('[aria-label="Choose an emoji"]')
  await b.until('the emoji are there', () => document.querySelectorAll('.picker__grid button').length > 50)
  await b.type('tada')
  await b.until('there are few', () => document.querySelectorAll('.picker__grid button').length < 10)
  await b.press('Escape')
  await b.until('there are all again', () => document.querySelectorAll('.picker__grid button').length > 50)
  await b.press('Escape')
  await b.until('the emoji are gone', () => !document.querySelector('dialog[open]'))
  assert.equal(await b.run(focused), 'Choose an emoji')

  // Up edits; the plug is pulled in the middle, and all goes out once.
  await b.click('#write')
  await b.press('ArrowUp')
  await b.until('my last message can be changed', () => document.activeElement.value === 'hello')
  await b.type(' all')
  await b.press('Enter')
  await sees('hello all', 'hello yourself')
  await house.kill()
  await say('into the dark')
  await sees('hello all', 'hello yourself', 'into the dark')
  await house.start()
  await b.until('the line is back', online)
  await b.until('nothing waits any more', () => [...document.querySelectorAll('.message__state')].every((e) => e.textContent === 'Arrived'))
  await sees('hello all', 'hello yourself', 'into the dark')
  const late = await house.device('late')
  await late.subscribeAsync('chat/user/me/inbox', { qos: 1 })
  const kept = async () => {
    const answer = once(late, 'message')
    await late.publishAsync('chat/room/kiln/history', '{"limit":10}', { qos: 1 })
    return JSON.parse((await answer)[1]).messages.filter((m) => m.kind === 'text').map((m) => m.text)
  }
  await until('all is in the log, once', async () => assert.deepEqual(await kept(), ['hello all', 'hello **yourself**', 'into the dark']) ?? true)
  assert.deepEqual(await b.run(() => window.faults), [])

  // Without a line the page opens with what was there.
  house.door.shut()
  await b.reload()
  await sees('hello all', 'hello yourself', 'into the dark')
  await b.until('one can write', () => document.activeElement.id === 'write')
  house.door.reopen()
  await b.until('the line is back', online)
})
