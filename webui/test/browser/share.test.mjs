import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { promisify } from 'node:util'
import jsqr from 'jsqr'
import { House, like, until } from './house.mjs'

const run = promisify(execFile)

/** The text of the QR code that is shown, as an independent reader finds it in a picture of the screen. */
async function scanned(page) {
  const png = (await page.locator('.code:visible').screenshot()).toString('base64')
  const { bits, width, height } = await page.evaluate(async (png) => {
    const image = new Image()
    image.src = `data:image/png;base64,${png}`
    await image.decode()
    const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height })
    const x = canvas.getContext('2d')
    x.drawImage(image, 0, 0)
    const { data } = x.getImageData(0, 0, image.width, image.height)
    let bits = ''
    for (let i = 0; i < data.length; i += 4) bits += data[i] + data[i + 1] + data[i + 2] < 384 ? '1' : '0'
    return { bits, width: image.width, height: image.height }
  }, png)
  const dots = new Uint8ClampedArray(bits.length * 4).fill(255)
  for (let i = 0; i < bits.length; i++) if (bits[i] === '1') dots.fill(0, 4 * i, 4 * i + 3)
  return jsqr(dots, width, height)?.data
}

async function share(p) {
  await p.page.getByRole('button', { name: 'Invite people' }).first().click()
  const sheet = p.page.getByRole('dialog', { name: /^Invite people/ })
  await sheet.waitFor()
  return sheet
}

test('an invitation is scanned, copied on plain http, and leads to the room', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada')
  assert.equal(await ada.page.evaluate('isSecureContext'), false)
  let sheet = await share(ada)
  await sheet.getByRole('img', { name: /QR code/ }).waitFor()
  const address = house.lan.replace(/\/$/, '')
  await until('the code is the address', async () => (await scanned(ada.page)) === address)
  assert.deepEqual(await ada.axe(), [])

  // Copied means copied: it is in the clipboard.
  await sheet.getByRole('button', { name: 'Copy address' }).click()
  await sheet.getByRole('button', { name: 'Copied' }).waitFor()
  await ada.page.keyboard.press('Escape')
  await sheet.waitFor({ state: 'detached' })
  await ada.field.focus()
  await ada.page.keyboard.press('Control+v')
  assert.equal(await ada.field.inputValue(), address)
  await ada.field.fill('')

  // A room other than the lobby is part of the link, and who follows it comes there.
  await ada.page.goto(`${house.lan}#kiln`)
  await ada.page.getByRole('heading', { name: like('#{kiln}') }).waitFor()
  await ada.say('hot')
  sheet = await share(ada)
  await until('the code is the link to the room', async () => (await scanned(ada.page)) === `${address}/#kiln`)

  // Where the browser does not copy, nothing else is said, and the address is marked for the keys.
  await ada.page.evaluate(() => { document.execCommand = () => false })
  await sheet.getByRole('button', { name: 'Copy address' }).click()
  await sheet.getByRole('button', { name: like('Press {Ctrl C} to copy') }).waitFor()
  assert.equal(await ada.page.evaluate(() => getSelection().toString()), `${address}/#kiln`.replace('http://', ''))
  assert.equal(await sheet.getByText('Copied').count(), 0)

  const bob = await house.person({ at: `${address}/#kiln` })
  await bob.join('Bob')
  await bob.sees('hot')
})

test('an invitation to a private room brings its code, also to who stood before it', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada')
  await ada.rooms.getByRole('button', { name: 'New room' }).click()
  await ada.page.getByRole('radio', { name: 'By invitation' }).check({ force: true })
  await ada.page.getByLabel('Name', { exact: true }).fill('The attic')
  await ada.page.getByRole('button', { name: 'Make the room' }).click()
  await ada.page.getByRole('heading', { name: like('#{The attic}'), level: 1 }).waitFor()
  await ada.say('between us')

  // Its address alone lets nobody in, and does not claim to know what is there.
  const bob = await house.joined('Bob')
  const { hash } = new URL(ada.page.url())
  await bob.page.goto(house.lan + hash)
  await bob.page.getByText('You cannot come into').waitFor()
  assert.equal(await bob.page.getByText('is all yours').count(), 0)

  let sheet = await share(ada)
  await sheet.getByText('Only its members see it').waitFor()
  assert.equal(await sheet.getByRole('img', { name: /QR code/ }).count(), 0)
  await sheet.getByRole('button', { name: 'New code' }).click()
  await sheet.getByRole('img', { name: /QR code/ }).waitFor()
  assert.deepEqual(await ada.axe(), [])
  const invitation = await until('the code is scanned', async () => scanned(ada.page))
  assert.match(invitation, new RegExp(`^${house.lan}#the-attic-[a-z0-9]+\\?code=[a-z0-9]+$`))
  const [whole] = await Promise.all([ada.page.waitForEvent('popup'), sheet.getByRole('link', { name: 'Full screen' }).click()])
  await until('the code on the whole screen is the same', async () => (await scanned(whole)) === invitation)
  await whole.close()
  await ada.page.keyboard.press('Escape')
  sheet = await share(ada) // again: the code that there is
  await until('the code is the same', async () => (await scanned(ada.page)) === invitation)

  await bob.page.goto(invitation) // in the same page: only the fragment changes
  await bob.sees('between us')
  assert.equal(new URL(bob.page.url()).hash, hash)
})

test('a link that is copied on the computer of tincan leads others here', async (t) => {
  const house = await House.open(t)
  const place = async (page) => page.route('**/api/place', async (r) => {
    const told = await (await r.fetch()).json()
    await r.fulfill({ json: { ...told, addresses: [house.lan.replace(/\/$/, '')] } })
  })
  const ada = await house.joined('Ada', { at: house.local, before: place })
  await ada.say('read this')
  await ada.sees('read this')
  await ada.page.getByRole('button', { name: /^More about/ }).click()
  await ada.page.getByText(`${house.lan}#/room/lobby`).waitFor()
  await ada.page.keyboard.press('Escape')
  await ada.messages.first().focus()
  await ada.page.keyboard.press('Enter')
  await ada.page.getByRole('button', { name: 'Copy link' }).click()
  await ada.page.getByText('Copied').first().waitFor()
  await ada.field.focus()
  await ada.page.keyboard.press('Control+v')
  assert.equal(await ada.field.inputValue(), `${house.lan}#/room/lobby/1`)
})

test('on paper there is the poster and nothing else', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada')
  await share(ada)
  const poster = ada.page.locator('.poster')
  assert.equal(await poster.isVisible(), false)
  await ada.page.emulateMedia({ media: 'print' })
  await poster.getByText('Choose a name, and talk.').waitFor()
  assert.equal(await ada.page.getByRole('dialog').isVisible(), false)
  assert.equal(await ada.field.isVisible(), false)
  assert.match(await poster.textContent(), new RegExp(house.lan.slice('http://'.length, -1)))
})

test('the lines for devices work as they stand', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada', { at: house.local })
  const sheet = await share(ada)
  await sheet.getByText(/Only this computer can join/).waitFor() // which is true: the test listens on 127.0.0.1
  const lines = async (way) => {
    await sheet.getByRole('tab', { name: way }).click()
    return sheet.getByRole('tabpanel').locator('code').textContent()
  }
  const [say, state, listen] = (await lines('mosquitto_pub')).split('\n\n')
  const flow = JSON.parse(await lines('Node-RED'))
  const python = await lines('Python')
  for (const way of ['ESP32', 'Home Assistant']) assert.match(await lines(way), /chat\/room\/lobby\/say/)
  assert.deepEqual(flow.flatMap((n) => n.broker === flow[0].id ? [] : n.broker ?? []), ['127.0.0.1'])
  assert.deepEqual(flow.flatMap((n) => n.topic ?? []), ['chat/room/lobby/messages', 'chat/room/lobby/say'])
  await ada.page.keyboard.press('Escape')

  await run('bash', ['-euc', `${say}\n${state}`])
  await ada.sees('dinner is ready')
  await ada.panel.getByRole('tab', { name: /Devices/ }).click()
  await ada.panel.getByText('21.5').waitFor()

  const listener = spawn('bash', ['-euc', listen.replace('mosquitto_sub', 'exec mosquitto_sub')], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => listener.kill())
  const heard = []
  createInterface({ input: listener.stdout }).on('line', (l) => heard.push(JSON.parse(l).text))
  await ada.panel.getByText('listener').waitFor()
  await ada.say('do you hear me?')
  await until('the listener heard it', async () => heard.includes('do you hear me?'))

  // Python's library is not everywhere; where it is, its lines are run, too.
  if (!(await run('python3', ['-c', 'from paho.mqtt.client import CallbackAPIVersion']).then(() => true, () => false))) return
  const script = spawn('python3', ['-c', python], { stdio: ['ignore', 'ignore', 'inherit'] })
  t.after(() => script.kill())
  await ada.sees('here I am')
})

test('/qr is the invitation over the whole screen, and keeps to the server', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada')
  const address = house.lan.replace(/\/$/, '')
  for (const colorScheme of ['light', 'dark']) {
    const door = await house.person({ at: `${house.lan}qr#kiln`, colorScheme, viewport: { width: 1280, height: 720 } })
    await door.page.getByText(like('{1} person, {0} devices here')).waitFor()
    await until('the code is the link to the room', async () => (await scanned(door.page)) === `${address}/#kiln`)
    assert.deepEqual(await door.axe(), [])
    assert.equal(await door.page.evaluate(() => localStorage.getItem('tincan.rooms')), null, 'a projector is nobody who joins')
  }
  assert.equal(await ada.panel.getByRole('listitem').count(), 1)
})
