import './files.css'
import { day, size, t } from '../i18n/format.ts'
import type { Message } from '../mqtt/parse.ts'
import type { Chat } from '../store/chat.ts'
import type { Conversation } from '../store/conversation.ts'
import { kindOf } from '../store/picture.ts'
import { fileIcon } from './attach.tsx'
import { Icon } from './icon.tsx'
import { useProof } from './proof.ts'

/** The files of a room, the newest first; one click leads to where it was sent. */
export function Files({ chat, c }: { chat: Chat, c: Conversation }) {
  const all = c.log.value.filter((m) => m.file && !m.deleted).toReversed()
  const oldest = c.log.value[0]?.seq ?? 0
  const more = oldest > 0 && (c.start.value === null || oldest > c.start.value)
  return (
    <div class="panel__list files">
      {all.length === 0 && <p class="panel__hint">{t(more ? 'file.noneYet' : 'file.none')}</p>}
      <ul>{all.map((m) => <One key={m.seq} chat={chat} c={c} m={m} />)}</ul>
      {more && (
        <button type="button" class="button files__more" aria-disabled={c.busy.value.has('older')} onClick={() => chat.places.older(c)}>
          {t(c.failed.value.has('older') ? 'room.tryAgain' : 'file.older')}
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
