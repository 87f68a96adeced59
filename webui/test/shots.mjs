// Writes pictures of every screen of the page, at a desk and on a phone, light and dark, into the folder that SHOTS names, and for each
// screen a sheet with all of them. SCREENS are parts of the names of those that are wanted, WAYS some of desk-light desk-dark phone-light
// phone-dark. A screen that cannot be reached is told at the end, with a picture of what was there instead.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { House, place, until } from './browser/house.mjs'

const out = process.env.SHOTS ?? 'shots'
const wanted = (process.env.SCREENS ?? '').split(' ').filter((s) => s !== '')
const ways = (process.env.WAYS || 'desk-light desk-dark phone-light phone-dark').split(' ')
const context = (way) => ({
  colorScheme: way.endsWith('dark') ? 'dark' : 'light',
  ...(way.startsWith('phone') ? { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 } : { viewport: { width: 1440, height: 900 } }),
})

const json = JSON.stringify
const sleep = (ms) => new Promise((go) => setTimeout(go, ms)) // a drawer or a sheet moves; this is no test

/** A JPEG into which a phone has written that it is to be turned, and where it was taken. */
async function photo(page) {
  const made = Buffer.from(await page.evaluate(() => {
    const c = Object.assign(document.createElement('canvas'), { width: 640, height: 480 })
    const g = c.getContext('2d')
    for (let i = 0; i < 48; i++) {
      g.fillStyle = `hsl(${190 + i} 50% ${90 - i}%)`
      g.fillRect(0, i * 10, 640, 10)
    }
    return c.toDataURL('image/jpeg').split(',')[1]
  }), 'base64')
  return Buffer.concat([made.subarray(0, 2), Buffer.from(place), made.subarray(2)])
}

/** What is said in the lobby, and who else is there. */
async function furnish(house) {
  const bob = await house.joined('Bob')
  const salma = await house.joined('Salma')
  await bob.say('Morning! The laser is free until 11.', 'After that the school group has it.')
  await salma.say('Can somebody look at the **filament** on printer 2? It says `E3: jam` again.\n- I tried another spool\n- and cleaned the nozzle')
  await bob.say('On my way. Meanwhile:\n```js\nconst temperature = await read("hotend")\nif (temperature > 240) throw new Error("too hot")\n```')
  await salma.say('مرحبا بالجميع، هل الغرفة مفتوحة غدًا؟', '> It says E3: jam again\nSolved, thanks!', '🎉', 'See https://example.org/manual/printers/prusa/mk4?page=12 and #kitchen, @Ada')
  const thermo = await house.device('greenhouse', { protocolVersion: 5, properties: { userProperties: { kind: 'device' } } })
  const state = (path, v, o = { retain: true }) => thermo.publishAsync(`chat/room/lobby/state/greenhouse${path}`, json(v), o)
  await state('/$about', { title: 'Greenhouse', icon: 'drop', values: { soil: { unit: '%', min: 0, max: 100, low: 25 } }, commands: [{ label: 'Water 20 s', payload: 'water 20', confirm: true }] })
  for (let i = 0; i < 12; i++) await state('', { temperature: 21 + Math.sin(i) * 2, soil: 60 - i * 3, pump: i % 3 === 0 })
  const plug = await house.device('kiln-plug', { protocolVersion: 5, properties: { userProperties: { kind: 'device' } } })
  await plug.publishAsync('chat/room/lobby/state/kiln-plug', json({ power: 1840, on: true }), { retain: true })
  await thermo.publishAsync('chat/room/lobby/say', 'The soil is dry in bed 3.', { qos: 1 })
  return { bob, salma }
}

test('pictures', { timeout: 1_200_000 }, async (t) => {
  const house = await House.open(t)
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  const { bob, salma } = await furnish(house)
  const done = new Map()
  const shoot = async (p, way, name) => {
    if (wanted.length > 0 && !wanted.some((w) => name.includes(w))) return
    await sleep(450)
    await p.page.screenshot({ path: join(out, `${name} ${way}.png`) })
    done.set(name, [...done.get(name) ?? [], way])
  }
  const missed = []
  t.after(() => { for (const m of missed) console.log(`no picture of ${m}`) })
  /** Does what leads to a screen and draws it; what is not there is told at the end and costs no other screen. */
  const screen = async (p, way, name, go, leave = async () => {}) => {
    try {
      p.page.setDefaultTimeout(15_000)
      await go()
      await shoot(p, way, name)
      await leave()
    } catch (e) {
      missed.push(`${name} ${way}: ${e.message.split('\n')[0]}`)
      await p.page.screenshot({ path: join(out, `missed ${name} ${way}.png`) }).catch(() => {})
      await p.page.keyboard.press('Escape')
    }
  }
  for (const way of ways) {
    const phone = way.startsWith('phone')
    const someone = await house.person(context(way))
    await screen(someone, way, '01 first visit', async () => { await someone.name.waitFor() })
    await screen(someone, way, '02 name is free', async () => {
      await someone.name.fill(`Ada-${way}`)
      await someone.page.getByText(/is free\./).waitFor()
    })
    await screen(someone, way, '03 name is taken', async () => {
      await someone.name.fill('Bob')
      await someone.page.getByText(/in use right now/).waitFor()
    })
    const name = phone ? (way.endsWith('dark') ? 'Ida' : 'Eva') : way.endsWith('dark') ? 'Ada' : 'Adam'
    await someone.join(name)
    const p = someone
    const { page } = p
    const esc = () => page.keyboard.press('Escape')
    const say = async (text) => { // with a finger, Enter is a new line
      await p.field.fill(text)
      await page.getByRole('button', { name: 'Send' }).click()
    }
    const side = async () => { if (phone) await page.locator('.bar__menu').click() }
    await screen(p, way, '04 room', async () => {
      await p.messages.filter({ hasText: 'Morning!' }).waitFor()
      await page.locator('.log .can').first().waitFor()
    })
    if (phone) {
      await screen(p, way, '05 rooms drawer', side, () => page.goBack())
      await screen(p, way, '06 people drawer', () => page.locator('.bar__people').click(), () => page.goBack())
      await screen(p, way, '07 what can be done with a message', async () => {
        const m = p.messages.filter({ hasText: 'After that the school group' })
        await m.focus()
        await page.keyboard.press('Enter')
        await page.getByRole('dialog').waitFor()
      }, esc)
    } else {
      await screen(p, way, '07 what can be done with a message', async () => {
        const m = p.messages.filter({ hasText: 'On my way' })
        for (const x of [200, 204]) await m.hover({ position: { x, y: 12 } })
        await page.getByRole('toolbar').waitFor()
      })
      await screen(p, way, '06 devices panel', () => p.panel.getByRole('tab', { name: /Devices/ }).click(), () => p.panel.getByRole('tab', { name: /People/ }).click())
    }
    await screen(p, way, '08 answer and draft', async () => {
      const m = p.messages.filter({ hasText: 'jam' }).first()
      await m.focus()
      await page.keyboard.press('r')
      await p.field.fill('I have a spare nozzle here, :ta')
      await p.field.press('d')
      await sleep(700)
    }, async () => {
      await esc()
      await p.field.fill('')
      await p.field.press('Escape')
    })
    await screen(p, way, '09 unread line and reactions', async () => {
      await page.evaluate(() => { document.querySelector('.log').scrollTop = 0 })
      await bob.say(`${name}, are you there? @${name}`, 'The kiln is at 960 °C now.', 'I opened the window for a while, so that it does not get too warm in here while the school group is here and the laser runs.')
      const m = salma.messages.filter({ hasText: 'kiln is at' }).last()
      await m.focus()
      await salma.page.keyboard.press('+')
      await salma.page.getByRole('dialog').getByRole('button', { name: '🎉' }).click()
      await sleep(600)
    }, () => page.locator('.jump').click({ timeout: 2000 }).catch(() => {}))
    await screen(p, way, '10 delete', async () => {
      await say('oops')
      await p.messages.filter({ hasText: 'oops' }).last().focus()
      await sleep(500)
      await page.keyboard.press('Delete')
      await page.getByRole('dialog').waitFor()
    }, esc)
    const hash = (h) => page.evaluate((h) => { location.hash = h }, h)
    await screen(p, way, '11 direct', async () => {
      await hash('#/user/Bob')
      await page.getByRole('heading', { name: 'Bob' }).waitFor()
      await say('Do you have the key of the workshop?')
      await sleep(600)
    })
    await screen(p, way, '12 devices', async () => {
      await hash('#/devices')
      await page.getByRole('region').first().waitFor()
    })
    await screen(p, way, '13 one device', async () => {
      await page.getByRole('link', { name: 'Greenhouse' }).first().click()
      await sleep(500)
    })
    await screen(p, way, '28 search', async () => {
      await hash('#/search?q=laser')
      await page.locator('.main, main').getByText('free until').first().waitFor()
    })
    await hash('#lobby')
    await screen(p, way, '14 switcher', async () => {
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox').fill('b')
    }, esc)
    await side()
    await screen(p, way, '15 invite', async () => {
      await page.getByRole('button', { name: 'Invite people' }).first().click()
      await page.getByRole('dialog').getByRole('img', { name: /QR code/ }).waitFor()
    })
    await screen(p, way, '16 invite, for devices', async () => {
      await page.getByRole('dialog').getByRole('tab').last().click()
      await page.getByRole('dialog').getByRole('tabpanel').waitFor()
    }, esc)
    await side()
    await screen(p, way, '17 settings', async () => {
      await page.getByRole('button', { name: 'Settings' }).click()
      await page.getByRole('dialog', { name: 'Settings' }).waitFor()
    })
    await screen(p, way, '18 settings, further down', async () => {
      await page.evaluate(() => { for (const e of document.querySelectorAll('dialog[open], dialog[open] *')) e.scrollTop = 1e6 })
    }, esc)
    await side()
    await screen(p, way, '29 what the server keeps of me', async () => {
      await page.getByRole('button', { name: 'Settings' }).click()
      await page.getByRole('button', { name: 'Erase what I have said' }).click()
      await page.getByRole('button', { name: 'Erase all of it' }).scrollIntoViewIfNeeded()
    }, esc)
    await screen(p, way, '30 a photo that tells where it was taken', async () => {
      await page.locator('input[type=file][multiple]').first().setInputFiles({ name: 'harbour.jpg', mimeType: 'image/jpeg', buffer: await photo(page) })
      await page.getByText('It tells where it was taken').waitFor()
    }, () => page.getByRole('button', { name: /^Remove / }).click())
    await screen(p, way, '19 keys', async () => {
      await page.locator('.log').focus()
      await page.keyboard.press('?')
      await page.getByRole('dialog').waitFor()
    }, esc)
    for (const [n, language, words] of [['20', 'de', 'Nachricht'], ['21', 'ar', 'رسالة']]) {
      await page.evaluate((language) => {
        const key = 'tincan.settings'
        localStorage.setItem(key, JSON.stringify({ ...JSON.parse(localStorage.getItem(key) ?? '{}'), language }))
      }, language)
      await sleep(500) // the way back that a closed dialog goes in the history would end the reload
      await page.reload()
      await screen(p, way, `${n} room, ${language}`, async () => {
        await page.locator('textarea#write').waitFor()
        await until('the language is there', async () => (await page.evaluate(() => document.documentElement.lang)) === language)
        await sleep(1200)
      })
      if (language === 'ar') {
        await side()
        await screen(p, way, `22 settings, ${language}`, async () => {
          await page.locator('.me .icon-button, .side .icon-button').last().scrollIntoViewIfNeeded()
          await page.evaluate(() => [...document.querySelectorAll('.side button.icon-button')].at(-2)?.click())
          await page.getByRole('dialog').waitFor()
        }, esc)
      }
    }
    await page.evaluate(() => localStorage.removeItem('tincan.settings'))
    await page.reload()
    const [link] = /http\S+/.exec(await house.command('host'))
    await page.goto(`${house.lan}${new URL(link).hash}`)
    await screen(p, way, '31 names for good', async () => {
      await page.getByRole('dialog', { name: /you are the host/ }).waitFor()
      await esc()
      await side()
      await page.getByRole('button', { name: 'Settings' }).click()
      await page.locator('.setting', { hasText: 'Run this place' }).getByRole('button').click()
      await page.getByRole('tab', { name: 'Names' }).click()
      await page.getByLabel('Name to keep for somebody').fill(`Hugo of ${name}`)
      await page.getByRole('button', { name: 'Keep the name' }).click()
      await page.getByText('It is shown this once').waitFor()
    })
    await screen(p, way, '32 a room to take along', async () => {
      await page.getByRole('tab', { name: 'Rooms' }).click()
      await page.getByRole('button', { name: 'Export' }).first().click()
    }, esc)
    const other = await house.tab(p, `${house.lan}qr`)
    await screen(other, way, '23 qr', async () => { await other.page.getByRole('img', { name: /QR code/ }).waitFor() })
    await other.page.close()
    const wall = await house.person({ ...context(way), at: `${house.lan}#/wall/lobby` })
    await screen(wall, way, '24 wall', async () => { await sleep(2500) })
    await wall.page.close()
    await page.goto(house.lan)
    await page.reload()
    await p.online()
    house.door.shut()
    await screen(p, way, '25 no connection', async () => {
      await sleep(5000)
      await say('This waits for the line.')
      await sleep(1200)
    })
    await screen(p, way, '26 the host cannot be reached', async () => { await page.getByText(/Cannot reach/).waitFor({ timeout: 45_000 }) })
    house.door.reopen()
    await Promise.all([p, bob, salma].map((x) => x.online()))
    await screen(p, way, '27 back again', async () => { await sleep(300) })
    await page.close()
    p.faults.length = 0
  }
  bob.faults.length = salma.faults.length = 0
  // One sheet for each screen.
  const sheet = await house.person({ at: 'about:blank', viewport: { width: 1500, height: 1000 } })
  for (const [name, have] of done) {
    const image = (way) => `data:image/png;base64,${readFileSync(join(out, `${name} ${way}.png`)).toString('base64')}`
    await sheet.page.setContent(`<style>body { margin: 8px; background: #888; display: flex; gap: 8px; flex-wrap: wrap } .desk { inline-size: 735px } .phone { inline-size: 365px }</style>${have.map((w) => `<img class="${w.split('-')[0]}" src="${image(w)}">`).join('')}`)
    await sheet.page.locator('img').last().evaluate((i) => i.decode())
    await sheet.page.screenshot({ path: join(out, `${name}.png`), fullPage: true })
  }
  sheet.faults.length = 0
})
