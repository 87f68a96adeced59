import assert from 'node:assert/strict'
import { test } from 'node:test'
import { House, like, until } from './house.mjs'

/** Notes what the page does to be noticed: tones that begin, and notifications of the system, which are granted. */
function spy() {
  window.noticed = { tones: 0, popUps: [] }
  const { start } = OscillatorNode.prototype
  OscillatorNode.prototype.start = function (...at) {
    window.noticed.tones++
    return start.apply(this, at)
  }
  window.Notification = class {
    static permission = 'default'
    static async requestPermission() { return (this.permission = 'granted') }
    constructor(title, { body, tag }) {
      Object.assign(this, { title, body, tag, closed: false })
      window.noticed.popUps.push(this)
    }
    close() { this.closed = true }
  }
}

const noticed = (p) => p.page.evaluate(() => ({ tones: window.noticed.tones, popUps: window.noticed.popUps.map(({ title, body, closed }) => ({ title, body, closed })) }))
const icon = (p) => p.page.evaluate(() => document.querySelector('link[rel=icon]').href)

test('who looks elsewhere is told in the title, on the icon, by a sound and by the system', async (t) => {
  const house = await House.open(t)
  const ada = await house.person({ at: 'about:blank' })
  await ada.page.addInitScript(spy)
  await ada.page.goto(house.local)
  await ada.join('Ada')
  const bob = await house.joined('Bob')
  await ada.page.goto(`${house.local}#kiln`)
  await ada.page.getByRole('heading', { name: like('#{kiln}') }).waitFor()
  await ada.online()
  await ada.field.press('a') // browsers let be heard whom a person has touched
  await ada.field.fill('')
  const plain = await icon(ada)
  assert.equal(await ada.page.title(), `#kiln · ${await ada.page.locator('.side__place').textContent()}`)

  // Nothing for what is not for me; what is for me counts, and the page asks once whether the system may tell.
  await bob.say('hello all', '@Ada look')
  await until('the title counts one', async () => (await ada.page.title()).startsWith('(1) #kiln'))
  await until('the icon has a number', async () => (await icon(ada)).startsWith('data:image/png'))
  const question = ada.page.getByText('Want to be told when this tab is hidden?')
  await question.waitFor()
  const [asked, composer] = await Promise.all([question, ada.page.locator('.composer')].map((x) => x.boundingBox()))
  assert.ok(asked.y + asked.height <= composer.y, 'the question lies over what is written in')
  await ada.page.getByRole('button', { name: 'Yes' }).click()
  await ada.page.getByText('Want to be told').waitFor({ state: 'detached' })
  await until('a sound of two notes is heard', async () => (await noticed(ada)).tones === 2)
  assert.deepEqual((await noticed(ada)).popUps, [])
  await until('the three seconds of one sound are over', async () => ada.page.evaluate((from) => performance.now() - from > 3200, await ada.page.evaluate('window.begun ??= performance.now()')))

  await bob.say('nothing for anybody', '@Ada again')
  await until('the system tells', async () => (await noticed(ada)).popUps.length === 1)
  const [popUp] = (await noticed(ada)).popUps
  assert.match(popUp.title, like('{Bob} in #{lobby}'))
  assert.equal(popUp.body, '@Ada again')
  await until('it is heard, too', async () => (await noticed(ada)).tones === 4)

  // A click leads to the message; what is read is noticed no more.
  await ada.page.evaluate(() => window.noticed.popUps[0].onclick())
  await ada.page.getByRole('heading', { name: like('#{lobby}') }).waitFor()
  await ada.sees('hello all', '@Ada look', 'nothing for anybody', '@Ada again')
  await until('the title counts nothing', async () => (await ada.page.title()).startsWith('#lobby'))
  await until('the icon is as before', async () => (await icon(ada)) === plain)

  // A muted room says nothing at all, and shows mentions alone.
  await ada.rooms.getByRole('link', { name: /kiln/ }).click()
  await ada.rooms.getByRole('button', { name: like('More about #{lobby}') }).click()
  const menu = ada.page.getByRole('dialog', { name: like('#{lobby}') })
  await menu.getByRole('radio', { name: 'nothing' }).check()
  assert.deepEqual(await ada.axe(), [])
  await ada.page.keyboard.press('Escape')
  await menu.waitFor({ state: 'detached' })
  await bob.say('unheard', '@Ada muted')
  await ada.rooms.getByRole('link', { name: /lobby.*for you: 1.*muted/ }).waitFor()
  await bob.page.goto(`${house.lan}#/user/Ada`)
  await bob.say('psst') // a direct message is told: what came before it would have been told by now
  await until('the system tells of it alone', async () => (await noticed(ada)).popUps.length === 2)
  assert.equal((await noticed(ada)).popUps[1].title, 'Bob')

  // A room that this page does not listen to is told of, too, and not of what is said to nobody there.
  const pump = await house.device('pump')
  for (const text of ['for nobody', '@ada the far pump']) await pump.publishAsync('chat/room/workshop/say', text, { qos: 1 })
  await until('the system tells of it', async () => (await noticed(ada)).popUps.length === 3)
  const far = (await noticed(ada)).popUps[2]
  assert.match(far.title, like('{pump} in #{workshop}'))
  assert.equal(far.body, '@ada the far pump')

  // Pinned rooms stand first.
  await ada.rooms.getByRole('button', { name: like('More about #{kiln}') }).click()
  await ada.page.getByRole('button', { name: 'Pin to the top' }).click()
  await until('kiln is first', async () => /kiln/.test(await ada.rooms.getByRole('listitem').first().textContent()))
})

test('on a phone the way to the rooms tells how much is for me elsewhere', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, colorScheme: 'dark' })
  const bob = await house.joined('Bob')
  const { page } = ada
  const told = () => page.locator('.bar__menu').evaluate((e) => /\d\+?/.exec(getComputedStyle(e, '::after').content)?.[0] ?? '')
  await page.goto(`${house.lan}#kiln`)
  await page.getByRole('heading', { name: like('#{kiln}') }).waitFor()
  await bob.say('for nobody', '@Ada look', '@Ada again')
  await until('two are for her', async () => (await told()) === '2')
  await page.getByRole('button', { name: 'Open rooms', description: 'for you: 2' }).waitFor()
  assert.deepEqual(await ada.axe(), [])
  await bob.say(...Array.from({ length: 8 }, (_, i) => `@Ada ${i}`))
  await until('many are for her', async () => (await told()) === '9+')
  await page.getByRole('button', { name: 'Open rooms', description: 'for you: 10' }).tap()
  await ada.rooms.getByRole('link', { name: /lobby/ }).tap()
  await ada.sees('@Ada 7')
  await until('nothing is', async () => (await told()) === '')
})
