import assert from 'node:assert/strict'
import { test } from 'node:test'
import { House, until } from './house.mjs'

test('the page opens with what was there, and what was missed joins it', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada')
  const plug = await house.device('plug', { protocolVersion: 5 })
  const post = async (...texts) => { for (const text of texts) await plug.publishAsync('chat/room/lobby/say', text, { qos: 1 }) }
  await post('one', 'two')
  await ada.sees('one', 'two')
  await until('they are kept', () => ada.page.evaluate(() => new Promise((go) => {
    indexedDB.open('tincan').onsuccess = ({ target: { result: db } }) => {
      db.transaction('logs').objectStore('logs').getAll().onsuccess = (e) => {
        db.close()
        go(e.target.result.some((row) => row.messages.at(-1).text === 'two'))
      }
    }
  })))
  house.door.shut()
  await ada.page.reload()
  await ada.sees('one', 'two') // without a line
  await ada.say('mine')
  await post('three')
  house.door.reopen()
  await ada.sees('one', 'two', 'three', 'mine')
  assert.deepEqual(await ada.texts(), ['one', 'two', 'three', 'mine'])

  // A newer page, in another tab, takes the storage over: this one lets go and offers to reload.
  await ada.page.evaluate(() => new Promise((go) => { indexedDB.open('tincan', 99).onsuccess = (e) => go(e.target.result.close()) }))
  await ada.page.getByText('A newer tincan is running.').waitFor()
  await ada.say('goes on')
  await ada.sees('mine', 'goes on')
})

const denied = (name) => `Object.defineProperty(window, '${name}', { get() { throw new DOMException('denied', 'SecurityError') } })`

test('without IndexedDB what is not sent survives a reload all the same; without anything the page says so', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada', { before: (page) => page.addInitScript(denied('indexedDB')) })
  house.door.shut()
  await ada.page.getByText(/^No connection/).waitFor()
  await ada.say('waits')
  await ada.field.fill('half a sentence')
  await ada.page.reload()
  await ada.sees('waits')
  assert.equal(await ada.field.inputValue(), 'half a sentence')
  house.door.reopen()
  await ada.page.getByText(/^(Waits|Sending)/).first().waitFor({ state: 'detached' })

  const eve = await house.joined('Eve', { before: (page) => page.addInitScript(['indexedDB', 'localStorage', 'sessionStorage'].map(denied).join(';')) })
  await eve.sees('waits')
  house.door.shut()
  await eve.page.getByText(/^No connection/).waitFor()
  await eve.say('leave it open')
  await eve.page.getByText('This browser keeps nothing for this page. Leave the tab open until your messages have gone out.').waitFor()
  house.door.reopen()
  await ada.sees('waits', 'leave it open')
  await until('nothing is to be lost any more', async () => (await eve.page.getByText('This browser keeps nothing').count()) === 0)
})

test('a browser that is full says so; the messages go out all the same', async (t) => {
  const house = await House.open(t)
  const bob = await house.joined('Bob')
  let quota
  const ada = await house.joined('Ada', {
    at: house.local,
    before: async (page) => {
      const devtools = await page.context().newCDPSession(page)
      quota = (size) => devtools.send('Storage.overrideQuotaForOrigin', { origin: new URL(house.local).origin, ...size })
      await quota({ quotaSize: 1 })
    },
  })
  house.door.shut()
  await ada.say('into a full browser')
  await ada.page.getByText('This browser gives the page no more space').waitFor()
  house.door.reopen()
  await bob.sees('into a full browser')
  await quota({})
  await until('there is room again', async () => {
    await ada.field.pressSequentially('x') // a draft
    return (await ada.page.getByText('This browser gives the page no more space').count()) === 0
  })
})
