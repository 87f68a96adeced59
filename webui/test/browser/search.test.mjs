import assert from 'node:assert/strict'
import { test } from 'node:test'
import { House, like, until } from './house.mjs'

test('what was said is found by its words, leads to its place, and is there again on the way back', async (t) => {
  const house = await House.open(t)
  const noor = await house.device('Noor', { protocolVersion: 5, properties: { userProperties: { kind: 'person' } } })
  const says = (room, text) => noor.publishAsync(`chat/room/${room}/say`, text, { qos: 1 })
  await says('lobby', 'It is the Nozzle again. I take the spare one from drawer 12.')
  for (let i = 0; i < 70; i++) await says('lobby', `filling ${i}`)
  await says('3d-printing', 'Brass nozzles are in drawer 12, see https://example.org')
  const ada = await house.joined('Ada')
  const { page } = ada
  await noor.publishAsync('chat/user/Ada/say', 'psst, the nozzle wrench', { qos: 1 })
  const hits = page.locator('.hit')
  const marked = () => hits.locator('mark').allTextContents()
  const found = (...texts) => until(`found are ${texts}`, async () => {
    const have = await hits.locator('.hit__text').allTextContents()
    if (have.length === texts.length && texts.every((x, i) => have[i].includes(x))) return true
    throw new Error(`found are ${have}`)
  })

  // In this room, by the keyboard, while it is typed.
  await page.locator('.message').last().focus()
  await page.keyboard.press('/')
  const field = page.getByRole('searchbox')
  await page.waitForFunction(() => document.activeElement?.id === 'search')
  await page.keyboard.type('nozz')
  await found('the Nozzle again')
  assert.deepEqual(await marked(), ['Nozzle'])
  await page.getByText(like('{1} message, newest first')).waitFor()
  const place = page.getByRole('complementary', { name: 'Around this message' })
  await place.getByText('filling 4', { exact: true }).waitFor()
  assert.equal(await place.locator('[aria-current] mark').textContent(), 'Nozzle')
  assert.deepEqual(await ada.axe(), [])

  // Everywhere, newest first, and narrowed by what a chip writes.
  await page.getByRole('button', { name: 'All rooms' }).click()
  await found('wrench', 'Brass', 'the Nozzle again')
  await page.getByLabel('Has').selectOption('link')
  await found('Brass')
  assert.equal(await field.inputValue(), 'nozz has:link')
  await page.getByLabel('Has').selectOption('')
  await page.getByLabel('From').selectOption('Ada')
  await page.getByText(like('No message with “{nozz}”')).waitFor()
  await page.getByLabel('From').selectOption('')
  await found('wrench', 'Brass', 'the Nozzle again')

  // By keys to the third, which is far up in its room; and back to it.
  await field.focus()
  for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: like('#{lobby}') }).waitFor()
  await until('its place is shown', () => page.evaluate(() => document.activeElement?.textContent?.includes('the Nozzle again')))
  assert.match(page.url(), /#\/room\/lobby\/1$/)
  await page.goBack()
  await found('wrench', 'Brass', 'the Nozzle again')
  await until('it stands where it was', () => page.evaluate(() => document.activeElement?.matches('.hit') && document.activeElement.textContent.includes('the Nozzle again')))

  // A direct message, by a click.
  await hits.first().click()
  await page.getByRole('heading', { name: 'Noor' }).waitFor()
  await until('it is shown', () => page.evaluate(() => document.activeElement?.textContent?.includes('wrench')))
  await page.goBack()
  await found('wrench', 'Brass', 'the Nozzle again')

  // From anywhere, without a line, and when it is back.
  await page.goBack()
  await ada.field.waitFor()
  house.door.shut()
  await until('the line is lost', async () => !/person|people/.test(await page.locator('.side__count').textContent()))
  await page.keyboard.press('Control+Shift+F')
  await field.fill('filling 69')
  await page.getByText('No connection: this is searched for as soon as it is back.').waitFor()
  house.door.reopen()
  await found('filling 69')

  // On a phone, from the head of the room.
  const phone = await house.joined('Bo', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
  await phone.page.getByRole('link', { name: 'Search' }).click()
  await phone.page.getByRole('searchbox').fill('"spare one" from:noor')
  await phone.page.locator('.hit', { hasText: 'spare one' }).waitFor()
  assert.deepEqual(await phone.axe(), [])
  await phone.page.getByRole('button', { name: 'Back' }).click()
  await phone.field.waitFor()
})
