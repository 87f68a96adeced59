import assert from 'node:assert/strict'
import { test } from 'node:test'
import { House, until } from './house.mjs'

/** Holds up what main.ts is in, so that only index.html itself runs, until the function that this returns is called. */
async function holdUp(page) {
  let go
  const gone = new Promise((f) => { go = f })
  await page.route(/\/c-\w+\.js$/, async (route) => {
    await gone
    await route.continue()
  })
  return go
}

const kept = (p) => p.page.evaluate(() => localStorage.getItem('tincan.glimpse'))

/** The newest message of the lobby that the browser keeps, and how far it knows that it was read: where there is more, the room opens elsewhere. */
const known = (p) => p.page.evaluate(() => new Promise((go) => {
  const asked = indexedDB.open('tincan')
  asked.onsuccess = () => {
    const tx = asked.result.transaction(['logs', 'marks'])
    const [logs, marks] = ['logs', 'marks'].map((t) => tx.objectStore(t).get('Ada\nroom/lobby'))
    tx.oncomplete = () => {
      asked.result.close()
      go([logs.result?.messages.at(-1).seq, marks.result?.seq])
    }
  }
}))

test('who comes back sees the room before the page is there, and can write; the page takes that over', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada')
  await ada.say(...Array.from({ length: 40 }, (_, i) => `line ${i}`))
  await ada.sees('line 39')
  await ada.field.fill('half ')
  await until('what is seen is kept', async () => (await kept(ada))?.includes('line 39'))
  await until('all is known to be read', async () => (await known(ada)).every((seq) => seq === 40))
  let go = await holdUp(ada.page)
  await ada.page.reload({ waitUntil: 'commit' })
  await ada.sees('line 38', 'line 39')
  const { field, end, rows } = await ada.page.evaluate(() => {
    const log = document.getElementById('log')
    window.benchRow = [...log.querySelectorAll('article')].at(-1)
    return { field: document.activeElement.id, end: log.scrollHeight - log.scrollTop - log.clientHeight, rows: log.querySelectorAll('article').length }
  })
  assert.equal(field, 'write')
  assert.ok(end < 2, `${end} pixels below the screen`)
  assert.ok(rows < 40, `${rows} rows where fewer fill the screen`)
  assert.equal(await ada.field.inputValue(), 'half ')
  await ada.field.press('End')
  await ada.page.keyboard.type('a word')
  go()
  await ada.online()
  assert.equal(await ada.field.inputValue(), 'half a word')
  await ada.page.keyboard.type('!')
  assert.equal(await ada.field.inputValue(), 'half a word!')
  assert.equal(await ada.page.evaluate(() => window.benchRow.isConnected && window.benchRow === [...document.querySelectorAll('.log article')].at(-1)), true, 'the rows are the same elements')
  await ada.sees('line 38', 'line 39')
  assert.equal(await ada.page.locator('[inert]').count(), 0)
  assert.deepEqual(await ada.axe(), [])

  // Enter before the page is there sends when it is.
  go = await holdUp(ada.page)
  await ada.page.reload({ waitUntil: 'commit' })
  await ada.sees('line 39')
  await ada.field.press('End')
  await ada.page.keyboard.type('?')
  await ada.page.keyboard.press('Enter')
  go()
  await ada.sees('line 39', 'half a word!?')
  assert.equal(await ada.field.inputValue(), '')

  // It is for this person, this place and this browser alone, and goes with the person.
  await until('what is seen is kept', async () => (await kept(ada))?.includes('half a word!?'))
  for (const [where, there] of [['', true], ['#/room/lobby', true], ['#/room/attic', false], ['#/user/Bob', false], ['#/devices', false]]) {
    const page = await ada.page.context().newPage()
    await holdUp(page)
    await page.goto(house.lan + where, { waitUntil: 'commit' })
    await page.waitForFunction(() => document.readyState !== 'loading') // the script has run
    assert.equal(await page.getByText('half a word!?').count() > 0, there, where)
    await page.close()
  }
  await ada.page.getByRole('button', { name: 'Change name or sign out' }).click()
  await ada.name.waitFor()
  assert.equal(await kept(ada), null)
})

test('who comes back has the log before the browser has made anything that writes numbers and times', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada')
  await ada.say('one', 'two')
  await ada.sees('one', 'two')
  await ada.page.mouse.move(300, 300)
  await until('how times are written is kept', () => ada.page.evaluate(() => localStorage.getItem('tincan.habit') !== null))
  const times = () => ada.page.locator('.log time').allTextContents()
  const before = await times()
  assert.match(before.join(), /\d\d/)
  const watch = () => {
    window.benchMade = []
    for (const kind of ['NumberFormat', 'DateTimeFormat']) {
      const Made = Intl[kind]
      Intl[kind] = function (...of) {
        if (!document.querySelector('.side__count')) window.benchMade.push(kind)
        return new Made(...of)
      }
    }
  }
  await ada.page.addInitScript(watch)
  await ada.page.reload()
  await ada.online()
  assert.deepEqual(await ada.page.evaluate(() => window.benchMade), [])
  assert.deepEqual(await times(), before)
})
