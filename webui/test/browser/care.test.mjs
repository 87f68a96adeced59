import assert from 'node:assert/strict'
import { test } from 'node:test'
import { House, like, until } from './house.mjs'

const shots = process.env.SHOTS // a folder: what is shown on the way is kept there
const shot = async (p, name) => { if (shots) await p.page.screenshot({ path: `${shots}/${name}.png` }) }
const press = (p, name) => p.page.getByRole('button', { name: new RegExp(`^${like(name).source}$`) }).first().click()

test('a private room: made, shared, read by its members alone, kept in order, and dissolved', async (t) => {
  const house = await House.open(t)
  const [ada, bob] = await Promise.all([house.joined('Ada'), house.joined('Bob', { viewport: { width: 390, height: 844 } })])

  await ada.rooms.getByRole('button', { name: 'New room' }).click()
  await ada.page.getByRole('radio', { name: 'By invitation' }).check({ force: true })
  await ada.page.getByLabel('Name', { exact: true }).fill('The attic')
  await ada.page.getByLabel('What it is about').fill('old things')
  await shot(ada, 'new')
  assert.deepEqual(await ada.axe(), [])
  await press(ada, 'Make the room')
  await ada.page.getByRole('heading', { name: like('#{The attic}'), level: 1 }).waitFor()
  await ada.page.getByText('old things').first().waitFor()
  await ada.say('between us')

  // Bob is told, and goes there; before that he sees nothing of it.
  assert.equal(await bob.page.getByText('attic').count(), 0)
  const settings = async () => {
    await ada.rooms.getByRole('button', { name: like('More about #{The attic}') }).or(ada.rooms.getByRole('listitem').filter({ hasText: 'The attic' }).getByRole('button')).first().click()
    await press(ada, 'Room settings')
    await ada.page.getByRole('dialog').getByText('Members', { exact: true }).waitFor()
  }
  await settings()
  await ada.page.getByLabel('Invite by name').fill('Bob')
  await press(ada, 'Invite')
  await ada.page.getByRole('dialog').getByText('Bob', { exact: true }).waitFor()
  await shot(ada, 'care')
  assert.deepEqual(await ada.axe(), [])
  await bob.page.getByText(like('{Ada} invited you to #{The attic}.')).waitFor()
  await shot(bob, 'invited')
  await press(bob, 'Open')
  await bob.sees('between us')
  await bob.say('thank you')
  await ada.page.keyboard.press('Escape')
  await ada.sees('between us', 'thank you')
  assert.match(await ada.page.title(), /^#The attic /)
  await ada.page.getByRole('log', { name: /The attic/ }).waitFor()

  // What only the owner may do is offered to her alone.
  await bob.say('/poll Lunch?')
  const asker = bob.page.getByRole('dialog', { name: 'Ask a poll' })
  await asker.getByLabel('Option 1').fill('Rice')
  await asker.getByLabel('Option 2').fill('Soup')
  await asker.getByRole('button', { name: 'Ask', exact: true }).click()
  await ada.messages.filter({ hasText: 'Lunch?' }).getByRole('button', { name: 'Close the poll' }).click()
  await bob.messages.filter({ hasText: 'Lunch?' }).getByText(like('Closed by {Ada}')).waitFor()
  const acts = async (p, text) => {
    await p.messages.filter({ hasText: text }).focus()
    await p.page.keyboard.press('Enter')
    return p.page.getByRole('dialog', { name: 'What to do with this message' })
  }
  await (await acts(ada, 'thank you')).getByRole('button', { name: 'Pin', exact: true }).click()
  await bob.page.locator('.board').getByRole('button', { name: /pinned$/ }).click()
  await bob.page.getByText(like('{Ada} pinned this')).waitFor()
  assert.equal(await bob.page.getByRole('button', { name: 'Unpin' }).count(), 0)
  await bob.page.keyboard.press('Escape')
  const his = await acts(bob, 'between us')
  await his.getByRole('button', { name: 'Reply' }).waitFor()
  assert.equal(await his.getByRole('button', { name: /^(Pin|Delete)/ }).count(), 0)
  await bob.page.keyboard.press('Escape')

  // Only hosts write; slow; cleared and taken back. Each holds for Bob at once.
  await settings()
  await ada.page.getByRole('switch', { name: 'Only hosts write' }).check()
  await until('it holds', () => ada.page.getByRole('switch', { name: 'Only hosts write' }).isChecked())
  await bob.say('not heard')
  await bob.page.getByText('only the hosts write in').waitFor()
  await ada.page.getByRole('switch', { name: 'Only hosts write' }).uncheck()
  await press(ada, 'Clear the room')
  await until('it is hidden', async () => (await bob.texts()).every((x) => x !== 'between us'))
  await press(ada, 'Undo')
  await until('it is back', async () => (await bob.texts()).includes('between us'))
  await ada.page.getByText('Who was here').scrollIntoViewIfNeeded()
  await ada.page.locator('svg.days rect').first().waitFor()
  await shot(ada, 'attendance')
  await ada.page.getByLabel('Keep messages').selectOption('30')
  await bob.log.getByText(/older than .?30.? days are not kept here/).waitFor()
  const [table] = await Promise.all([ada.page.waitForEvent('download'), press(ada, 'Table (CSV)')])
  assert.match(table.suggestedFilename(), /\.zip$/)
  assert.deepEqual(await ada.axe(), [])

  // The list of members has the same menu as the panel; it closes alone.
  await ada.page.getByRole('dialog').getByRole('button', { name: like('Host menu for {Bob}') }).click()
  await ada.page.getByLabel('Reason').waitFor()
  await ada.page.keyboard.press('Escape')
  await ada.page.getByLabel('Reason').waitFor({ state: 'detached' })
  await ada.page.getByText('Who was here').waitFor()
  await ada.page.keyboard.press('Escape')

  // Removed with a reason, by the menu on the person.
  await ada.panel.getByRole('button', { name: like('Host menu for {Bob}') }).click()
  await ada.page.getByLabel('Reason').fill('too loud')
  await shot(ada, 'person')
  assert.deepEqual(await ada.axe(), [])
  await press(ada, 'Remove {Bob}')
  await bob.page.getByText('“too loud”').waitFor()
  await shot(bob, 'removed')
  assert.equal(await bob.page.getByText('You cannot come into').count(), 0) // that would be the same in fewer words
  await press(bob, 'OK')
  await bob.page.getByText(like('You cannot come into #{The attic}')).waitFor()
  await ada.say('without Bob')
  await ada.page.getByText('without Bob').waitFor()
  assert.ok(!(await bob.texts()).includes('without Bob'))

  await settings()
  await press(ada, 'Dissolve')
  await press(ada, 'Erase #{The attic} now')
  await ada.page.getByRole('heading', { name: like('#{lobby}'), level: 1 }).waitFor()
  assert.equal(await ada.rooms.getByText('The attic').count(), 0)
})

test('what the server refuses is said in the language of the reader, also in a dialog', async (t) => {
  const house = await House.open(t)
  const bob = await house.joined('Bob')
  const ada = await house.person({ locale: 'de-DE' })
  const { page } = ada
  await page.getByLabel('Wie sollen wir dich nennen?').fill('Ada')
  await page.getByText(like('{Ada} ist frei.')).waitFor()
  await page.getByRole('button', { name: 'Eintreten' }).click()
  await page.locator('#write').waitFor()
  const rooms = page.getByRole('navigation', { name: 'Räume' })
  await rooms.getByRole('button', { name: 'Neuer Raum' }).click()
  const making = page.getByRole('dialog')
  await making.getByRole('radio', { name: 'Mit Einladung' }).check({ force: true })
  await making.getByLabel('Name', { exact: true }).fill('Dachboden')
  await making.getByRole('button', { name: 'Raum anlegen' }).click()
  await page.getByRole('heading', { name: like('#{Dachboden}'), level: 1 }).waitFor()

  await rooms.getByRole('listitem').filter({ hasText: 'Dachboden' }).getByRole('button').first().click()
  await press(ada, 'Raum-Einstellungen')
  const care = page.getByRole('dialog')
  const invite = async (name) => {
    await care.getByLabel('Mit Namen einladen').fill(name)
    await care.getByRole('button', { name: 'Einladen', exact: true }).click()
  }
  await invite('Zoe')
  await care.getByRole('alert').filter({ hasText: like('Hier heißt niemand {Zoe}.') }).waitFor()
  await shot(ada, 'refused')
  assert.deepEqual(await ada.axe(), [])
  await invite('Bob')
  await care.getByText('Bob', { exact: true }).waitFor()
  assert.equal(await care.getByText(/niemand/).count(), 0)

  // Bob owns the room now, and only he writes in it. What Ada says is refused where it stands.
  await care.getByRole('button', { name: 'Übergeben' }).first().click()
  await bob.page.getByText(like('#{Dachboden} is yours now, from {Ada}.')).waitFor()
  await page.keyboard.press('Escape')
  await press(bob, 'Open')
  await bob.rooms.getByRole('listitem').filter({ hasText: 'Dachboden' }).getByRole('button').first().click()
  await press(bob, 'Room settings')
  const his = bob.page.getByRole('dialog')
  await his.getByRole('button', { name: 'No longer host' }).click()
  await his.getByRole('switch', { name: 'Only hosts write' }).check()
  await page.locator('#write').fill('darf ich?')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').filter({ hasText: 'Nicht gesendet' }).getByText(/schreiben gerade nur die Gastgeber/).waitFor()
})

test('a private room that nobody named is called by who is in it, wherever it is spoken of', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada')
  await house.joined('Bob')
  const hal = await house.device('Hal', { protocolVersion: 5 })
  const rule = (what) => hal.publishAsync('chat/server/admin', JSON.stringify(what), { qos: 1 })
  const withHal = /^\u2068?\u2060?Private room with \u2068?Hal/
  await rule({ do: 'room', room: 'xkqzv', private: true })
  await rule({ do: 'invite', room: 'xkqzv', name: 'Ada' })
  await ada.page.getByText(/Hal\u2069? invited you to \u2068?\u2060?Private room/).waitFor()
  await press(ada, 'Open')
  await ada.page.getByRole('heading', { name: withHal, level: 1 }).waitFor()
  await ada.page.getByRole('textbox', { name: /^Message \u2068?\u2060?Private room with/ }).waitFor()
  await ada.rooms.getByRole('link', { name: withHal }).waitFor()
  await until('the title says so', async () => /^\u2060?Private room with \u2068?Hal/.test(await ada.page.title()))
  await rule({ do: 'invite', room: 'xkqzv', name: 'Bob' })
  await ada.page.getByRole('heading', { name: /Private room with \u2068?(Bob and Hal|Hal and Bob)/, level: 1 }).waitFor()
  await ada.page.keyboard.press('Control+k')
  await ada.page.getByRole('combobox').fill('private')
  await ada.page.getByRole('option', { name: /Private room with/ }).waitFor()
  await shot(ada, 'unnamed')
  await ada.page.keyboard.press('Escape')
  assert.doesNotMatch(await ada.page.locator('body').innerText(), /xkqzv/)

  // It is called something at once when somebody gives it a name.
  await rule({ do: 'describe', room: 'xkqzv', title: 'The attic' })
  await ada.page.getByRole('heading', { name: like('#{The attic}'), level: 1 }).waitFor()
})
