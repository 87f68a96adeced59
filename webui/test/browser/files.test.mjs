import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import { House, place, until } from './house.mjs'

const large = 24 << 20 // bytes

/** Drops files on the page: pictures of a size, perhaps of a phone, one of many bytes, and such as they are. */
function drop(person, files) {
  return person.page.evaluate(async (files) => {
    const d = new DataTransfer()
    for (const { name, width, height, bytes, place, chunk, whole } of files) {
      if (whole) {
        d.items.add(new File([Uint8Array.from(whole)], name))
        continue
      }
      if (bytes) {
        const data = new Uint8Array(bytes)
        for (let i = 0; i < bytes; i++) data[i] = (i >> 10) ^ i
        d.items.add(new File([data], name))
        continue
      }
      const canvas = Object.assign(document.createElement('canvas'), { width, height })
      const c = canvas.getContext('2d')
      for (let i = 0; i < width * height / 400; i++) { // what a camera sees is no flat colour
        c.fillStyle = `hsl(${(i * 37) % 360} 60% 50%)`
        c.fillRect(Math.random() * width, Math.random() * height, 40, 40)
      }
      const type = place ? 'image/jpeg' : 'image/png'
      const made = await new Promise((r) => canvas.toBlob(r, type))
      const at = place ? 2 : 33 // behind the beginning of a JPEG, of a PNG
      d.items.add(new File([made.slice(0, at), Uint8Array.from(place ?? chunk ?? []), made.slice(at)], name, { type }))
    }
    for (const kind of ['dragenter', 'dragover', 'drop']) document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: d, bubbles: true, cancelable: true }))
  }, files)
}

const tray = (p) => p.page.locator('.tray__item')
const drawn = (p, nth) => until('the picture is drawn', () => p.log.locator('.picture img').nth(nth).evaluate((i) => i.complete && i.naturalWidth))

test('a picture and a large file reach the others, whatever breaks on the way', async (t) => {
  const house = await House.open(t)
  const [ada, bob] = [await house.joined('Ada'), await house.joined('Bob')]
  for (const p of [ada, bob]) p.expected.push(/Failed to load resource/)
  await until('files can be dropped', () => ada.page.locator('input[type=file]').count())

  // Pictures stand above the field, smaller than they were; one is thought better of.
  await drop(ada, [{ name: 'garden.png', width: 2600, height: 1800 }, { name: 'small.png', width: 300, height: 200 }, { name: 'not this.png', width: 30, height: 20 }])
  await tray(ada).first().getByText('instead of').waitFor()
  await ada.page.getByRole('button', { name: /^Remove .*not this/ }).click()
  assert.deepEqual(await ada.axe(), [])
  await ada.field.fill('Look at this')
  await ada.field.press('Enter')
  await bob.messages.getByText('Look at this').waitFor()
  await drawn(bob, 0)
  await drawn(bob, 1)
  const shown = await bob.log.locator('.picture').first().evaluate((b) => [b.offsetWidth, b.offsetHeight])
  assert.ok(shown[0] === 352 && Math.abs(shown[1] - 244) <= 1, `it is shown in ${shown}`)
  assert.equal(await bob.log.locator('.picture').first().evaluate((b) => b.parentElement.style.aspectRatio), '2048 / 1418')

  // The viewer goes from one to the next, and Escape gives the focus back.
  await bob.log.locator('.picture').first().click()
  const viewer = bob.page.getByRole('dialog', { name: 'Pictures of this conversation' })
  await viewer.getByText('1 of 2').waitFor()
  await bob.page.keyboard.press('ArrowRight')
  await viewer.getByText('2 of 2').waitFor()
  assert.deepEqual(await bob.axe(), [])
  assert.equal(await viewer.getByRole('link', { name: /^Download .*small/ }).getAttribute('download'), 'small.png')
  await bob.page.keyboard.press('Escape')
  await viewer.waitFor({ state: 'detached' })

  // The caption goes, the picture stays.
  await ada.messages.filter({ hasText: 'Look at this' }).focus()
  await ada.page.keyboard.press('e')
  await until('the caption is in the field', async () => (await ada.field.inputValue()) === 'Look at this')
  await ada.field.fill('')
  await ada.field.press('Enter')
  await bob.messages.getByText('Look at this').waitFor({ state: 'detached' })
  await drawn(bob, 0)

  // A photo that tells where it was taken says so, and goes without if that is wished: the same picture, as it is turned.
  await drop(ada, [{ name: 'here.jpg', width: 300, height: 200, place }])
  await tray(ada).getByText('It tells where it was taken, and is sent as it is.').waitFor()
  assert.deepEqual(await ada.axe(), [])
  await tray(ada).getByLabel('Leave out where it was taken').check({ force: true })
  await tray(ada).getByText('Where it was taken is left out.').waitFor()
  await ada.field.press('Enter')
  await drawn(bob, 2)
  const photo = bob.log.locator('.picture img').nth(2)
  const sent = Buffer.from(await (await fetch(new URL(await photo.getAttribute('src'), house.local))).arrayBuffer())
  assert.ok(sent.includes('Exif') && !sent.includes(Buffer.from([0x88, 0x25, 0, 4])), 'where it was taken is sent')
  assert.deepEqual(await photo.evaluate((i) => [i.naturalWidth, i.naturalHeight]), [200, 300])

  // A large file: the server is killed in the middle, then the page is loaded anew in the middle.
  const offsets = []
  ada.page.on('request', (r) => { if (r.method() === 'PATCH') offsets.push(Number(r.headers()['upload-offset'])) })
  house.door.hold(6 << 20)
  await drop(ada, [{ name: 'log.bin', bytes: large }])
  await tray(ada).waitFor()
  await ada.field.press('Enter')
  await ada.say('this does not wait for it')
  await bob.sees('this does not wait for it')
  await until('some of it has gone', async () => offsets.length > 2)
  await house.kill()
  const before = offsets.length
  house.door.hold(16 << 20) // more than two pieces, less than all
  await house.start()
  await until('it goes on', async () => offsets.length > before)
  assert.ok(offsets[before] >= 1 << 20, `after the kill it went on at ${offsets[before]}`)
  await until('more of it has gone', async () => offsets.at(-1) > offsets[before])
  const reloaded = offsets.length
  await ada.page.reload()
  house.door.hold(Infinity)
  await until('it goes on in the new page', async () => offsets.length > reloaded)
  assert.ok(offsets[reloaded] > 1 << 20, `after the reload it went on at ${offsets[reloaded]}`)
  const save = bob.log.getByRole('link', { name: /^Download .*log\.bin/ })
  await save.waitFor()
  const body = new Uint8Array(await (await fetch(new URL(await save.getAttribute('href'), house.local))).arrayBuffer())
  const made = new Uint8Array(large)
  for (let i = 0; i < large; i++) made[i] = (i >> 10) ^ i
  assert.equal(createHash('sha256').update(body).digest('hex'), createHash('sha256').update(made).digest('hex'))
  await ada.sees('this does not wait for it')
  await until('nothing is under way', async () => (await ada.page.locator('progress').count()) === 0)

  // The panel lists them; what two say to each other only they can read.
  await bob.panel.getByRole('tab', { name: 'Files' }).click()
  await until('all files are listed', async () => (await bob.panel.getByRole('listitem').count()) === 4)
  assert.deepEqual(await bob.axe(), [])
  const pump = await house.device('pump')
  for (let i = 0; i < 60; i++) await pump.publishAsync('chat/room/lobby/say', `${i} °C${'\n.'.repeat(20)}`, { qos: 1 }) // so much that older pages are far away
  const eve = await house.joined('Eve')
  await until('she sees the last of them', async () => (await eve.texts()).at(-1)?.startsWith('59 °C'))
  await eve.panel.getByRole('tab', { name: 'Files' }).click()
  await until('those are listed whose messages are not loaded', async () => (await eve.panel.getByRole('listitem').count()) === 4)
  assert.equal(await eve.log.getByRole('link', { name: /^Download/ }).count(), 0)
  await eve.panel.getByRole('button', { name: /log\.bin/ }).first().click()
  await eve.log.getByRole('link', { name: /^Download .*log\.bin/ }).waitFor()
  await ada.page.evaluate(() => { location.hash = '#/user/Bob' })
  await ada.page.getByText('only you two can read this').waitFor()
  await until('files can be dropped again', () => ada.page.locator('input[type=file]').count())
  await drop(ada, [{ name: 'secret.png', width: 300, height: 200 }])
  await tray(ada).locator('img').waitFor()
  await ada.field.press('Enter')
  await bob.rooms.getByRole('link', { name: /Ada/ }).click()
  await drawn(bob, 0)
  const src = await bob.log.locator('.picture img').getAttribute('src')
  assert.match(src, /\?t=/)
  assert.ok((await fetch(new URL(src.replace(/\?.*/, ''), house.local))).status >= 400, 'without a ticket it can be read')
  assert.equal((await fetch(new URL(src, house.local))).status, 200)
})

test('what tells where it was taken says so, and goes without', async (t) => {
  const house = await House.open(t)
  const [ada, bob] = [await house.joined('Ada'), await house.joined('Bob')]
  await until('files can be dropped', () => ada.page.locator('input[type=file]').count())
  const u32 = (n) => [n >>> 24, n >> 16 & 255, n >> 8 & 255, n & 255]
  const box = (kind, ...content) => [...u32(8 + content.flat().length), ...Buffer.from(kind, 'latin1'), ...content.flat()]
  const exif = [...Buffer.from('eXIf'), ...place.slice(10)]
  const here = '+52.5186+013.3763/'
  const film = [...box('ftyp', [...Buffer.from('qt  \0\0\0\0')]), ...box('mdat', [...Buffer.from('film')]), ...box('moov', box('udta', box('\xa9xyz', 0, here.length, 0, 0, ...Buffer.from(here))))]
  for (const [file, secret] of [
    [{ name: 'here.png', width: 300, height: 200, chunk: [...u32(exif.length - 4), ...exif, ...u32(crc32(Buffer.from(exif)))] }, Buffer.from([0x88, 0x25, 0, 4])],
    [{ name: 'here.mov', whole: film }, here],
  ]) {
    await drop(ada, [file])
    await tray(ada).getByText('It tells where it was taken, and is sent as it is.').waitFor()
    await tray(ada).getByLabel('Leave out where it was taken').check({ force: true })
    await tray(ada).getByText('Where it was taken is left out.').waitFor()
    await ada.field.press('Enter')
    const save = bob.log.getByRole('link', { name: new RegExp(`^Download .*${file.name}`) })
    const path = file.width
      ? await until('the picture is there', async () => (await bob.log.locator('.picture img').count()) && bob.log.locator('.picture img').first().getAttribute('src'))
      : await save.getAttribute('href')
    const sent = Buffer.from(await (await fetch(new URL(path, house.local))).arrayBuffer())
    assert.ok(sent.length > 50 && !sent.includes(secret), `${file.name} tells where`)
    await until('nothing is in the tray', async () => (await tray(ada).count()) === 0)
  }
  await drawn(bob, 0)
})

/** A finger moves from one place to another. */
async function swipe(person, from, to) {
  const cdp = await person.page.context().newCDPSession(person.page)
  const touch = (type, touchPoints) => cdp.send('Input.dispatchTouchEvent', { type, touchPoints })
  await touch('touchStart', [from])
  for (let i = 1; i <= 5; i++) await touch('touchMove', [{ x: from.x + (to.x - from.x) * i / 5, y: from.y + (to.y - from.y) * i / 5 }])
  await touch('touchEnd', [])
}

test('on a phone: a voice note, drawers by a swipe, an emoji by its name, a switch of a device', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })

  // The device's own ways take a picture and record; they need no secure address.
  await ada.page.getByRole('button', { name: 'Add files' }).click()
  const sheet = ada.page.getByRole('dialog', { name: 'Add files' })
  const ways = await sheet.locator('input').evaluateAll((all) => all.map((i) => [i.getAttribute('aria-label'), i.accept, i.getAttribute('capture'), i.multiple]))
  assert.deepEqual(ways, [['Choose files', '', null, true], ['Take a photo', 'image/*', 'environment', false], ['Record a voice note', 'audio/*', 'user', false]])
  assert.deepEqual(await ada.axe(), [])
  const wav = Buffer.alloc(44 + 8000)
  wav.write('RIFF', 0); wav.writeUInt32LE(36 + 8000, 4); wav.write('WAVEfmt ', 8); wav.writeUInt32LE(16, 16); wav.writeUInt16LE(1, 20); wav.writeUInt16LE(1, 22)
  wav.writeUInt32LE(8000, 24); wav.writeUInt32LE(8000, 28); wav.writeUInt16LE(1, 32); wav.writeUInt16LE(8, 34); wav.write('data', 36); wav.writeUInt32LE(8000, 40)
  await sheet.getByLabel('Record a voice note').setInputFiles({ name: 'note.wav', mimeType: 'audio/wav', buffer: wav })
  await tray(ada).waitFor()
  await ada.page.getByRole('button', { name: 'Send' }).click()
  await until('it can be played', () => ada.log.locator('audio').evaluate((a) => a.readyState > 0 && a.duration === 1))

  // From the outer edge inwards, and back.
  const open = (what) => ada.page.locator(`.drawer--${what}.drawer--open`)
  await until('a swipe opens the rooms', async () => {
    if (!(await open('side').count())) await swipe(ada, { x: 8, y: 400 }, { x: 200, y: 410 })
    return open('side').count()
  })
  await swipe(ada, { x: 250, y: 400 }, { x: 60, y: 400 })
  await open('side').waitFor({ state: 'detached' })
  await swipe(ada, { x: 200, y: 400 }, { x: 380, y: 400 }) // not from the edge
  await swipe(ada, { x: 382, y: 400 }, { x: 200, y: 400 })
  await open('panel').waitFor()
  assert.equal(await open('side').count(), 0)
  await swipe(ada, { x: 100, y: 400 }, { x: 300, y: 400 })
  await open('panel').waitFor({ state: 'detached' })

  await ada.page.getByRole('button', { name: 'Choose an emoji' }).click()
  const picker = ada.page.getByRole('dialog', { name: 'Choose an emoji' })
  await picker.getByRole('button', { name: 'grinning face', exact: true }).waitFor()
  assert.deepEqual(await ada.axe(), [])
  await picker.getByRole('searchbox').fill('winking') // what also plain fonts draw; the others are not offered without a font of emoji
  await picker.getByRole('button', { name: 'winking face', exact: true }).waitFor()
  await picker.getByRole('searchbox').press('Enter')
  await until('it stands in the field', async () => (await ada.field.inputValue()) === '😉')

  // A yes-or-no with its commands is a switch, which follows the device.
  const pump = await house.device('pump')
  const told = []
  pump.on('message', (_, payload) => told.push(JSON.parse(payload)))
  await pump.subscribeAsync('chat/user/me/inbox')
  const state = (path, value) => pump.publishAsync(`chat/room/lobby/state/me/${path}`, JSON.stringify(value), { qos: 1, retain: true })
  await state('running', false)
  await state('armed', true)
  await state('$about', { values: { running: { label: 'Pump', on: 'on', off: 'off' } } })
  await ada.page.evaluate(() => { location.hash = '#/devices/pump' })
  const toggle = ada.page.getByRole('switch', { name: 'Pump' })
  await toggle.waitFor()
  assert.equal(await ada.page.getByRole('switch').count(), 1, 'what declares no command is no switch')
  await toggle.click()
  await until('the device is told', async () => told.some((m) => m.message?.text === 'on'))
  await until('it waits for the device', () => toggle.isDisabled())
  await state('running', true)
  await until('it follows', async () => (await toggle.isEnabled()) && (await toggle.isChecked()))
  assert.deepEqual(await ada.axe(), [])
})
