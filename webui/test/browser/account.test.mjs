import assert from 'node:assert/strict'
import { test } from 'node:test'
import { House, like, until } from './house.mjs'

const phrase = 'four old tin cans'

/** A dialog by its title. */
const dialog = (p, name) => p.page.getByRole('dialog', { name })

async function settings(p) {
  await p.page.getByRole('button', { name: 'Settings' }).first().click()
  const d = dialog(p, 'Settings')
  await d.waitFor()
  return d
}

test('a name is kept for good, and comes along to other devices', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada')
  await ada.say('hello')
  const mine = await settings(ada)
  await mine.getByRole('button', { name: 'Choose a passphrase' }).click()
  await mine.getByLabel('Passphrase', { exact: true }).fill(phrase)
  await mine.getByLabel('The same once more').fill('four new tin cans')
  await mine.getByRole('button', { name: 'Keep the name' }).click()
  await mine.getByText('The two are not the same.').waitFor()
  await mine.getByLabel('The same once more').fill(phrase)
  assert.deepEqual(await ada.axe(), [])
  await mine.getByRole('button', { name: 'Keep the name' }).click()
  await mine.getByText(like('Done. {Ada} is yours for good.')).waitFor()
  await mine.getByText(like('{Ada} is yours for good'), { exact: true }).waitFor()
  await ada.page.keyboard.press('Escape')
  await ada.online()

  // Elsewhere with the passphrase, which does not travel as it is; a script sends it, and is the same.
  const phone = await house.person({ viewport: { width: 390, height: 844 } })
  const sent = []
  phone.page.on('websocket', (ws) => ws.on('framesent', (f) => sent.push(Buffer.from(f.payload).toString('latin1'))))
  await phone.name.fill('ada')
  await phone.page.getByText(like('{ada} belongs to someone here. Enter its passphrase or pick another.')).waitFor()
  await phone.page.getByLabel(like('Secret for {ada}')).fill('guessed it')
  await phone.page.getByRole('button', { name: 'Join with my secret' }).click()
  await phone.page.getByText(like('That is not the secret for {ada}.')).waitFor()
  await phone.page.getByLabel(like('Secret for {ada}')).fill(phrase)
  await phone.page.getByRole('button', { name: 'Join with my secret' }).click()
  await phone.field.waitFor()
  await phone.sees('hello')
  assert.ok(sent.some((f) => f.includes('tincan:')) && !sent.some((f) => f.includes(phrase)), 'the passphrase is not on the wire')
  await house.device('Ada', { clientId: 'esp', password: phrase })

  // One more by a code, that is shown here and typed there.
  const sheet = await settings(ada)
  await sheet.getByRole('button', { name: 'Show a code' }).click()
  const code = await sheet.locator('.account__letters').textContent()
  await sheet.locator('.account__code .code').waitFor()
  const tablet = await house.person()
  tablet.expected.push(/403/)
  await tablet.page.getByRole('button', { name: 'I have a code from my other device' }).click()
  const typed = tablet.page.getByLabel('Code from the other device')
  await typed.fill('2222-2222')
  await typed.press('Enter')
  await tablet.page.getByText('This code was used already').waitFor()
  await typed.fill(code)
  await typed.press('Enter')
  await tablet.field.waitFor()
  await tablet.sees('hello')
  await sheet.getByText(like('Done. Another device is {Ada}, too.')).waitFor()
  assert.deepEqual(await ada.axe(), [])
  await ada.page.keyboard.press('Escape')

  // Whoever opens the link of the operator is host.
  const [link] = /http\S+/.exec(await house.command('host'))
  const zoe = await house.person({ at: `${house.lan}${new URL(link).hash}` })
  await zoe.page.getByText('Join under your name, and you are the host of this place.').waitFor()
  await zoe.join('Zoe')
  const host = dialog(zoe, like('{Zoe}, you are the host'))
  await host.getByRole('button', { name: 'Choose a passphrase' }).waitFor()
  await host.getByRole('button', { name: 'Invite another host' }).click()
  assert.match(await host.locator('.account__link').textContent(), /#\/host\/[a-z2-7]{20}$/)
  assert.ok(!zoe.page.url().includes('/host/'), 'the link is not left in the address')
  await zoe.page.keyboard.press('Escape')

  // A door from now on: the page asks, invitations bring it along, and the browser knows it the next time.
  await house.kill()
  house.args = ['--set', 'door=open sesame']
  for (const p of [ada, phone, tablet, zoe]) p.expected.push(/403/)
  await house.start()
  await ada.page.getByLabel('Passphrase of this place').fill('open sesame')
  await ada.page.getByRole('button', { name: 'Join' }).click()
  await ada.field.waitFor()
  await ada.sees('hello')
  await ada.page.getByRole('button', { name: 'Invite people' }).first().click()
  await until('the invitation brings the passphrase', async () => (await ada.page.locator('.share__address').textContent()).includes('door=open'))
  const guest = await house.person({ at: `${house.lan}#lobby?door=open%20sesame` })
  await guest.join('Gus')
  assert.ok(!guest.page.url().includes('sesame'), 'the passphrase is not left in the address')
  const later = await house.tab(guest, house.lan)
  await later.field.waitFor()
  await later.online()
})
