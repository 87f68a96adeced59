import './wall.css'
import { useComputed, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { fullScreen, keepAwake } from '../awake.ts'
import { clock, compare, t } from '../i18n/format.ts'
import type { Message } from '../mqtt/parse.ts'
import { place } from '../platform.ts'
import type { Chat } from '../store/chat.ts'
import type { Conversation } from '../store/conversation.ts'
import { addresses, askInvitation, link, typed } from '../store/invite.ts'
import { type Fill, randomSecret } from '../store/ids.ts'
import { knock } from '../store/knock.ts'
import { write } from '../store/route.ts'
import { shownKind } from '../store/rows.ts'
import type { Names } from '../store/text.ts'
import { things } from '../store/things.ts'
import { next, wallName } from '../store/wall.ts'
import { Can } from './can.tsx'
import { QrCode } from './code.tsx'
import { Icon } from './icon.tsx'
import { WallBoard } from './board.tsx'
import { Poll } from './poll.tsx'
import { Thing } from './row.tsx'
import { TinString } from './string.tsx'
import { Text } from './text.tsx'
import { Tile } from './tile.tsx'

const fill: Fill = (b) => void crypto.getRandomValues(b)
const shown = 40 // messages; a screen holds fewer
const lookEvery = 5000 // milliseconds
const handsFor = 5000 // that the buttons are shown after the pointer moved

/** A room on a wall: large, without a field, for weeks. */
export function Wall({ chat, room }: { chat: Chat, room: string }) {
  const c = chat.places.conversation({ room })
  const hands = useSignal(false)
  const sleeps = useSignal(false)
  const address = useSignal('')
  useEffect(() => { void chat.places.go({ at: 'room', room, seq: 0 }) }, [room])
  useEffect(() => keepAwake((can) => { sleeps.value = !can }), [])
  useEffect(() => {
    const begun = chat.now.peek()
    const look = () => {
      const line = chat.line.peek()
      switch (next({
        now: chat.now.peek(), begun, in: chat.person.screen.peek() === 'room', joining: line.is !== 'idle' && line.is !== 'ended', ended: line.is === 'ended' ? line.since : 0,
        online: line.is === 'online', newer: chat.server.newer.peek(),
      })) {
        case 'enter':
          chat.person.enter({ name: wallName(fill), secret: randomSecret(fill), chosen: false }, false)
          break
        case 'again': chat.tryNow(); break
        case 'renew': location.reload()
      }
    }
    look()
    const timer = setInterval(look, lookEvery)
    return () => clearInterval(timer)
  }, [])
  const string = chat.string.value
  useEffect(() => { // the address may be another after a break
    if (string === 'taut') void askInvitation(knock).then((i) => { address.value = addresses(location.origin, i?.addresses ?? [])[0] ?? '' })
  }, [string])
  const called = chat.places.called(room)
  useEffect(() => { document.title = `#${called} · ${place()}` }, [called])
  useEffect(() => {
    let timer = 0
    const move = () => {
      hands.value = true
      clearTimeout(timer)
      timer = setTimeout(() => { hands.value = false }, handsFor) as unknown as number
    }
    for (const kind of ['pointermove', 'keydown']) addEventListener(kind, move)
    return () => {
      clearTimeout(timer)
      for (const kind of ['pointermove', 'keydown']) removeEventListener(kind, move)
    }
  }, [])
  const roster = c.roster.value
  const devices = c.devicesKnown.value
  const people = [...roster.members.values()].filter((m) => m.kind === 'person').length
  const minute = useComputed(() => clock(chat.now.value)).value
  const all = things([c], compare).filter((x) => x.device)
  return (
    <main class={`wall ${hands.value ? 'wall--hands' : ''}`}>
      <header class="wall__head">
        <TinString is={string} />
        <h1 class="cut"><bdi>{t('room.title', { room: called })}</bdi></h1>
        <p class="cut">{string === 'taut' ? t('line.here', { people, devices: roster.count - people }) : t(string === 'waving' ? 'line.connecting' : 'line.none')}</p>
        <p class="wall__clock">{minute}</p>
      </header>
      <WallBoard chat={chat} c={c} />
      <section class="wall__log" role="log" aria-label={t('room.log', { where: `#${called}` })} tabIndex={0}>
        <Said chat={chat} c={c} devices={devices} />
      </section>
      <aside class="wall__side" aria-label={t('panel.devices')}>
        <div class="wall__tiles">{all.map((x) => <Tile key={x.name} chat={chat} thing={x} sure={string === 'taut'} />)}</div>
        {address.value !== '' && (
          <div class="wall__join"><QrCode link={link(address.value, room)} /><p><b dir="ltr">{typed(link(address.value, room))}</b><span>{t('share.hint')}</span></p></div>
        )}
      </aside>
      <p class="wall__hands">
        {sleeps.value && <span>{t('wall.sleeps')}</span>}
        <button type="button" class="button" onClick={fullScreen}>{t('share.full')}</button>
        <a class="button" href={write({ at: 'room', room, seq: 0 })}><Icon name="x" />{t('wall.leave')}</a>
      </p>
    </main>
  )
}

function Said({ chat, c, devices }: { chat: Chat, c: Conversation, devices: ReadonlySet<string> }) {
  const names = c.names.value
  const last = c.log.value.filter(shownKind).slice(-shown)
  if (last.length === 0) return <p class="wall__none">{t('wall.quiet')}</p>
  return <>{last.map((m, i) => <One key={m.id} chat={chat} c={c} m={m} joins={last[i - 1]?.from === m.from && m.time - last[i - 1].time < 300_000} device={devices.has(m.from)} names={names} />)}</>
}

function One({ chat, c, m, joins, device, names }: { chat: Chat, c: Conversation, m: Message, joins: boolean, device: boolean, names: Names }) {
  return (
    <article class={`wall__one ${joins ? '' : 'wall__one--first'}`} data-seq={m.seq}>
      {joins ? <span /> : device ? <Thing c={c} name={m.from} /> : <Can name={m.from} />}
      <div>
        {!joins && <p class="wall__by"><b><bdi>{m.from}</bdi></b> <time>{clock(m.time)}</time></p>}
        <Text text={m.text || m.file?.name || (m.data ? JSON.stringify(m.data) : '')} names={names} />
        {m.options && <Poll chat={chat} c={c} m={m} still />}
      </div>
    </article>
  )
}
