import assert from 'node:assert/strict'
import { test } from 'node:test'
import { House, until } from './house.mjs'

/** A tab that the person does not look at: the browser of the tests gives the focus to all. */
const unfocused = (page) => page.addInitScript(() => { Document.prototype.hasFocus = () => false })

/** How many messages the browser keeps until they are sent. */
const outbox = (p) => p.page.evaluate(() => new Promise((go) => {
  indexedDB.open('tincan').onsuccess = ({ target: { result: db } }) => {
    db.transaction('outbox').objectStore('outbox').count().onsuccess = (e) => {
      db.close()
      go(e.target.result)
    }
  }
}))

test('tabs of one person have one draft, one outbox and one end', async (t) => {
  const house = await House.open(t)
  const bob = await house.joined('Bob')
  const one = await house.joined('Ada', { at: house.local })
  const two = await house.tab(one, house.local, async (page) => {
    await unfocused(page)
    await page.clock.install()
  })
  await two.online()
  await one.field.fill('half a sentence')
  await until('the draft is in the other tab', async () => (await two.field.inputValue()) === 'half a sentence')
  await one.field.press('Enter')
  await until('it is sent, and no draft any more', async () => (await two.field.inputValue()) === '')
  await bob.sees('half a sentence')

  // One of the tabs leads, and the other one when that is closed.
  const locks = (p) => p.page.evaluate(async () => (await navigator.locks.query()).held.map((l) => l.name))
  assert.deepEqual(await locks(two), ['tincan Ada'])

  // What a closed tab has not sent is sent by the other one, when it is sure that the first does not live.
  house.door.shut()
  await one.page.getByText('Not sent').or(one.page.getByText(/^No connection/)).first().waitFor()
  await one.say('left', 'behind')
  await until('both are on the disk', async () => (await outbox(two)) === 2)
  await one.page.close()
  await until('the other one leads', async () => (await locks(two)).length === 1)
  house.door.reopen()
  await two.page.clock.fastForward(15_000)
  await bob.sees('half a sentence', 'left', 'behind')
  await two.say('the end')
  await bob.sees('half a sentence', 'left', 'behind', 'the end')
  assert.deepEqual(await bob.texts(), ['half a sentence', 'left', 'behind', 'the end'])

  // Signing out is for all of them.
  const three = await house.tab(two, house.local)
  await three.online()
  await three.page.getByRole('button', { name: 'Change name or sign out' }).click()
  await two.name.waitFor()
  await three.name.waitFor()
})

for (const [how, without] of [['', () => {}], [' without BroadcastChannel', () => { delete window.BroadcastChannel }]]) test(`a tab that was copied with its client id takes another one${how}`, async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada', {
    before: async (page) => {
      await page.addInitScript(without)
      await page.addInitScript(() => { window.copied = JSON.stringify({ ...sessionStorage }) })
    },
  })
  await ada.page.reload() // which keeps the client id for the page that comes
  await ada.online()
  const copied = await ada.page.evaluate('window.copied')
  assert.match(copied, /tincan\.client/)
  const copy = await house.tab(ada, house.lan, async (page) => {
    await unfocused(page)
    await page.addInitScript(without)
    await page.addInitScript((s) => { for (const [k, v] of Object.entries(JSON.parse(s))) sessionStorage.setItem(k, v) }, copied)
  })
  await copy.online()
  await copy.say('from the copy')
  await ada.sees('from the copy')
  await ada.say('from the first')
  await copy.sees('from the copy', 'from the first')
  await ada.field.fill('half a sentence')
  await until('the draft is in the other tab', async () => (await copy.field.inputValue()) === 'half a sentence')
  for (const p of [ada, copy]) assert.equal(await p.page.getByText(/somewhere else/).count(), 0)
})
