import './files.css'
import { useComputed } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { day, t } from '../i18n/format.ts'
import { size } from '../i18n/size.ts'
import type { Message } from '../mqtt/parse.ts'
import * as platform from '../platform.ts'
import type { Chat } from '../store/chat.ts'
import type { Conversation } from '../store/conversation.ts'
import { withFiles } from '../store/files.ts'
import { kindOf } from '../store/picture.ts'
import { Search } from '../store/search.ts'
import { fileIcon } from './fileicons.ts'
import { Icon } from './icon.tsx'
import { useProof } from './proof.ts'

/** The files of a room, the newest first; one click leads to where it was sent. */
export function Files({ chat, c }: { chat: Chat, c: Conversation }) {
  const s = useMemo(() => new Search({ ask: (topic, body) => chat.ask(topic, body), online: () => chat.line.peek().is === 'online', later: platform.later }), [c])
  const online = useComputed(() => chat.line.value.is === 'online').value
  useEffect(() => {
    if (s.is.peek() !== 'idle') {
      if (online) s.again() // some may have come meanwhile
    } else if ('room' in c.to) s.seek({ at: 'room', room: c.to.room, seq: 0 }, 'has:file ', false)
  }, [s, online])
  const all = withFiles(s.hits.value.map((h) => h.message), c.log.value, c.posted.value)
  const is = s.is.value
  const failed = is === 'failed'
  return (
    <div class="panel__list files">
      {all.length === 0 && !failed && <p class="panel__hint">{is === 'seeking' ? t('search.asking') : t(is === 'offline' ? 'file.noneYet' : 'file.none')}</p>}
      <ul>{all.map((m) => <One key={m.seq} chat={chat} c={c} m={m} />)}</ul>
      {failed && <p class="panel__hint" role="alert">{t('search.failed')}</p>}
      {(failed || s.more.value) && (
        <button type="button" class="button files__more" aria-disabled={s.adding.value} onClick={() => (failed ? s.again() : void s.older())}>
          {t(failed ? 'room.tryAgain' : 'file.older')}
        </button>
      )}
    </div>
  )
}

function One({ chat, c, m }: { chat: Chat, c: Conversation, m: Message }) {
  const proof = useProof(chat, c)
  const { file } = m
  if (!file) return null
  const picture = kindOf(file.type) === 'picture' && proof !== null
  return (
    <li class="files__one">
      <button type="button" class="files__to" title={t('file.show')} onClick={() => void chat.places.show(c, m.seq)}>
        {picture ? <img class="files__picture" src={`${file.preview ?? file.url}${proof}`} alt="" loading="lazy" decoding="async" /> : <span class="files__picture"><Icon name={fileIcon(file.type)} /></span>}
        <span class="person__words"><b class="cut"><bdi>{file.name}</bdi></b><small class="cut"><bdi>{m.from}</bdi> · {day(m.time, Date.now())} · {size(file.size)}</small></span>
      </button>
      {proof !== null && <a class="icon-button" href={`${file.url}${proof}`} download={file.name} aria-label={t('file.save', { name: file.name })} title={t('file.save', { name: file.name })}><Icon name="save" /></a>}
    </li>
  )
}
