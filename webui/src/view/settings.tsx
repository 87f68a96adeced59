import './settings.css'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { clock, t } from '../i18n/format.ts'
import { size } from '../i18n/size.ts'
import { choose } from '../i18n/languages.ts'
import { languages } from '../i18n/ownnames.ts'
import { build, place, preferredLanguages } from '../platform.ts'
import { askForPopUps, popUps, secure } from '../popup.ts'
import type { Chat } from '../store/chat.ts'
import type { Settings as All } from '../store/settings.ts'
import { storedBytes } from '../stored.ts'
import { Can } from './can.tsx'
import { aside } from './lazy.tsx'
import { Segment, Select, Setting, Switch } from './control.tsx'
import { Dialog } from './dialog.tsx'
import { whereabouts } from './words.ts'

const Account = aside(() => import('./account.tsx'), 'Account')
const MyData = aside(() => import('./mydata.tsx'), 'MyData')
const Mine = aside(() => import('./admin.tsx'), 'Mine')

/** What can be chosen in this browser, what is kept in it, and what this place is. */
export function Settings({ chat, onClose, onKeys, onAdmin }: { chat: Chat, onClose: () => void, onKeys: () => void, onAdmin: () => void }) {
  const s = chat.settings.all.value
  const set = (some: Partial<All>) => chat.settings.set(some)
  return (
    <Dialog id="settings" title={t('settings.title')} onClose={onClose}>
      <You chat={chat} />
      {chat.line.value.is === 'online' && <Mine chat={chat} onAdmin={onAdmin} />}
      <section class="settings__group">
        <h3>{t('settings.notices')}</h3>
        <div class="card">
          <Segment
            label={t('settings.notify')} hint={t('settings.notifyHint')} value={s.notify} onChange={(notify) => set({ notify })}
            all={[['mentions', t('settings.mentions')], ['all', t('settings.everything')], ['none', t('settings.nothing')]]}
          />
          <Switch label={t('settings.sound')} hint={t('settings.soundHint')} on={s.sound} onChange={(sound) => set({ sound })} />
          <PopUps on={s.system} onChange={(system) => set({ system })} />
          <QuietHours s={s} set={set} />
        </div>
      </section>
      <section class="settings__group">
        <h3>{t('settings.look')}</h3>
        <div class="card">
          <Segment
            label={t('settings.theme')} value={s.theme} onChange={(theme) => set({ theme })}
            all={[['system', t('settings.asSystem')], ['light', t('settings.light')], ['dark', t('settings.dark')]]}
          />
          <Segment
            label={t('settings.density')} hint={t('settings.densityHint')} value={s.density} onChange={(density) => set({ density })}
            all={[['comfortable', t('settings.comfortable')], ['compact', t('settings.compact')]]}
          />
          <Languages language={s.language} onChange={(language) => set({ language })} />
          <Segment
            label={t('settings.clock')} value={s.clock} onChange={(way) => set({ clock: way })}
            all={[['system', t('settings.asSystem')], ['12', t('settings.hours12')], ['24', t('settings.hours24')]]}
          />
        </div>
      </section>
      <section class="settings__group">
        <h3>{t('settings.talk')}</h3>
        <div class="card">
          <Segment
            label={t('settings.enter')} hint={t(s.enter === 'sends' ? 'settings.enterSendsHint' : 'settings.enterBreaksHint')} value={s.enter} onChange={(enter) => set({ enter })}
            all={[['sends', t('settings.enterSends')], ['breaks', t('settings.enterBreaks')]]}
          />
          <Switch label={t('settings.typing')} hint={t('settings.typingHint')} on={s.typing} onChange={(typing) => set({ typing })} />
          <Switch label={t('settings.joins')} hint={t('settings.joinsHint')} on={s.joins} onChange={(joins) => set({ joins })} />
          <Segment
            label={t('settings.announce')} hint={t('settings.announceHint')} value={s.announce} onChange={(announce) => set({ announce })}
            all={[['everything', t('settings.everything')], ['mentions', t('settings.mentions')], ['nothing', t('settings.nothing')]]}
          />
          <Setting label={t('keys.title')} hint={t('settings.keysHint')}><button type="button" class="button" onClick={onKeys}>{t('settings.show')}</button></Setting>
        </div>
      </section>
      {chat.line.value.is === 'online' && <MyData chat={chat} />}
      <Here chat={chat} />
      <section class="settings__group">
        <h3>{t('settings.about')}</h3>
        <div class="card">
          <Setting label={place()} hint={t('settings.aboutPlace')} />
          {!secure() && <Setting note label={t('settings.plain')} hint={t('settings.plainHint')} />}
          <Setting label={t('settings.version', { version: chat.server.version.value || '–' })} hint={t('settings.build', { build: build() || '–' })} />
        </div>
      </section>
    </Dialog>
  )
}

/** Who I am, and from where. */
function You({ chat }: { chat: Chat }) {
  const name = chat.me.value
  const me = chat.places.find('room/lobby')?.roster.value.members.get(name) ?? chat.places.current.value.roster.value.members.get(name)
  const where = whereabouts(me?.sessions ?? [])
  return (
    <section class="settings__group">
      <h3>{t('settings.you')}</h3>
      <div class="card">
        <div class="setting">
          <span class="settings__me">
            <Can name={name} />
            <span><b class="cut"><bdi>{name}</bdi></b>{me && <small>{where === '' ? t('settings.since', { time: clock(me.since) }) : t('settings.sinceOn', { time: clock(me.since), where })}</small>}</span>
          </span>
          <button type="button" class="button" onClick={() => void chat.person.signOut()}>{t('nav.signOut')}</button>
        </div>
        <Account chat={chat} />
      </div>
    </section>
  )
}

/** Notifications of the system, where the browser has them; else why it has none. */
function PopUps({ on, onChange }: { on: boolean, onChange: (on: boolean) => void }) {
  const may = useSignal(popUps())
  const turn = async (want: boolean) => {
    if (want) may.value = await askForPopUps()
    onChange(want && may.value === 'granted')
  }
  if (may.value === 'none') return <Setting note label={t('settings.popUps')} hint={t('settings.popUpsNone')} />
  if (may.value === 'denied') return <Setting note label={t('settings.popUps')} hint={t('settings.popUpsDenied')} />
  return <Switch label={t('settings.popUps')} hint={t('settings.popUpsHint')} on={on && may.value === 'granted'} onChange={(want) => void turn(want)} />
}

const night = { from: 22 * 60, to: 7 * 60 }

function QuietHours({ s, set }: { s: All, set: (some: Partial<All>) => void }) {
  const time = (of: 'from' | 'to') => (
    <label>
      {t(of === 'from' ? 'settings.quietFrom' : 'settings.quietTo')}
      <input
        class="time" type="time" required value={written(s.quiet?.[of] ?? 0)}
        onChange={(e) => { const at = read(e.currentTarget.value); if (s.quiet && at !== null) set({ quiet: { ...s.quiet, [of]: at } }) }}
      />
    </label>
  )
  return (
    <>
      <Switch label={t('settings.quiet')} hint={t('settings.quietHint')} on={s.quiet !== null} onChange={(on) => set({ quiet: on ? night : null })} />
      {s.quiet && <div class="setting" role="group" aria-label={t('settings.quiet')}><span class="settings__times">{time('from')}{time('to')}</span></div>}
    </>
  )
}

/** Minutes after midnight as a field for times has them. */
function written(minutes: number): string {
  return new Date(minutes * 60_000).toISOString().slice(11, 16)
}

function read(time: string): number | null {
  const [h, m] = time.split(':').map(Number)
  return /^\d\d:\d\d/.test(time) ? h * 60 + m : null
}

function Languages({ language, onChange }: { language: string, onChange: (language: string) => void }) {
  const own = choose('', preferredLanguages()).language
  const browser = languages.find((l) => l.code === own)?.name ?? own
  return (
    <Select
      label={t('settings.language')} value={language} onChange={onChange}
      all={[['', t('settings.asBrowser', { language: browser })], ...languages.map((l) => [l.code, l.name] as const)]}
    />
  )
}

/** What is kept in this browser, and the way to forget it. */
function Here({ chat }: { chat: Chat }) {
  const bytes = useSignal(0)
  const sure = useSignal(false)
  useEffect(() => { void storedBytes().then((n) => { bytes.value = n }) }, [])
  const forget = async () => {
    await chat.person.forgetAll()
    location.reload() // what is still in memory goes, too
  }
  return (
    <section class="settings__group">
      <h3>{t('settings.here')}</h3>
      <div class="card">
        <Setting label={t('settings.stored', { size: size(bytes.value) })} hint={t('settings.storedHint')}>
          {!sure.value && <button type="button" class="button" onClick={() => { sure.value = true }}>{t('settings.clear')}</button>}
        </Setting>
        {sure.value && (
          <Setting note label={t('settings.sure')} hint={t('settings.sureHint', { name: chat.me.value })}>
            <button type="button" class="button settings__bad" onClick={() => void forget()}>{t('settings.clear')}</button>
            <button type="button" class="button" ref={(el) => el?.focus()} onClick={() => { sure.value = false }}>{t('settings.keep')}</button>
          </Setting>
        )}
      </div>
    </section>
  )
}
