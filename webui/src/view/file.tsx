import './file.css'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { span, t } from '../i18n/format.ts'
import { size } from '../i18n/size.ts'
import type { FileInfo, Message } from '../mqtt/parse.ts'
import type { Chat } from '../store/chat.ts'
import type { Conversation } from '../store/conversation.ts'
import type { Entry } from '../store/outbox.ts'
import { kindOf } from '../store/picture.ts'
import { fileIcon } from './fileicons.ts'
import { Icon } from './icon.tsx'
import { aside } from './lazy.tsx'
import { useProof } from './proof.ts'

const Viewer = aside(() => import('./viewer.tsx'), 'Viewer')

/** The file of a message: a picture in its box, something to listen to or to watch, or what it is called and a way to have it. */
export function FileOf({ chat, c, m, entry }: { chat: Chat, c: Conversation, m: Message | null, entry: Entry | null }) {
  const gone = useSignal(false)
  const large = useSignal(false)
  const proof = useProof(chat, c)
  const file = m?.file ?? entry?.file
  const mine = chat.uploads.value?.picture(m?.id ?? entry?.id ?? '') ?? '' // what this page sent it need not fetch
  useEffect(() => { gone.value = false }, [proof])
  if (!file) return <p class="filecard"><Icon name="file" /><span class="filecard__words">{t('file.gone')}</span></p>
  const url = 'url' in file ? file.url : ''
  const kind = gone.value ? 'file' : kindOf(file.type)
  const lost = () => { gone.value = true }
  const ready = url !== '' && proof !== null
  if (kind === 'picture' && (mine !== '' || ready)) {
    const src = mine || `${m?.file?.preview ?? url}${proof}`
    return (
      <>
        <button type="button" class="picture" tabIndex={-1} aria-label={t('file.large', { name: file.name })} disabled={!ready} onClick={() => { large.value = true }}>
          <img src={src} alt="" width={file.width || undefined} height={file.height || undefined} loading="lazy" decoding="async" draggable={false} onError={mine === '' ? lost : undefined} />
        </button>
        {large.value && m && <Viewer chat={chat} c={c} seq={m.seq} onClose={() => { large.value = false }} />}
      </>
    )
  }
  if (kind === 'audio' && ready) {
    return (
      <div class="sound">
        <audio controls preload="metadata" src={`${url}${proof}`} aria-label={file.name} onError={lost} />
        <Save file={file as FileInfo} proof={proof} />
      </div>
    )
  }
  if (kind === 'video' && ready) {
    return (
      <div class="film">
        <video controls playsInline preload="metadata" src={`${url}${proof}`} poster={m?.file?.preview && `${m.file.preview}${proof}`} aria-label={file.name} onError={lost} />
        <Save file={file as FileInfo} proof={proof} />
      </div>
    )
  }
  return (
    <div class="filecard">
      <Icon name={fileIcon(file.type)} />
      <span class="filecard__words">
        <bdi class="cut">{file.name}</bdi>
        <small>{gone.value ? t('file.gone') : <Kind file={file} />}</small>
      </span>
      {ready && !gone.value && <a class="icon-button" tabIndex={-1} href={`${url}${proof}`} download={file.name} aria-label={t('file.save', { name: file.name })} title={t('file.save', { name: file.name })}><Icon name="save" /></a>}
    </div>
  )
}

function Save({ file, proof }: { file: FileInfo, proof: string }) {
  return (
    <p class="filecard__line">
      <bdi class="cut">{file.name}</bdi><small>{size(file.size)}</small>
      <a class="link" tabIndex={-1} href={`${file.url}${proof}`} download={file.name} aria-label={t('file.save', { name: file.name })}>{t('file.download')}</a>
    </p>
  )
}

/** How large a file is and what its name says it is. */
export function Kind({ file }: { file: { name: string, size: number, type: string } }) {
  const end = /\.(\w{1,8})$/.exec(file.name)?.[1].toUpperCase()
  return <>{size(file.size)}{end && ` · ${end}`}</>
}

/** How far the file of a message of mine is, and what can be done about it. */
export function Sending({ chat, entry }: { chat: Chat, entry: Entry }) {
  const { file } = entry
  const p = chat.uploads.value?.progress.value.get(entry.id)
  if (!file || file.upload !== '' || entry.state === 'failed') return null
  if (p?.is === 'choose') {
    return (
      <div class={`message__state ${p.other ? 'message__state--bad' : ''}`} role={p.other ? 'alert' : undefined}>
        <Icon name="warn" /><span>{t(p.other ? 'file.other' : 'file.lost', { name: file.name })}</span>
        <label class="link sending__again">{t('file.again')}<input class="unseen" type="file" aria-label={t('file.again')} onChange={(e) => {
          const chosen = e.currentTarget.files?.[0]
          if (chosen) void chat.uploads.peek()?.chosen(entry, chosen)
        }} /></label>
        <button type="button" class="link" onClick={() => void chat.post.discard(entry.id)}>{t('send.discard')}</button>
      </div>
    )
  }
  const words = chat.line.value.is !== 'online' ? t('send.waits')
    : p?.is !== 'goes' ? t('file.begins')
      : p.left > 0 ? t('file.goes', { done: size(p.came), all: size(file.size), span: span(p.left) }) : t('file.goesPlain', { done: size(p.came), all: size(file.size) })
  return (
    <div class="sending">
      <progress max={file.size || 1} value={p?.came ?? 0} aria-label={t('file.progress', { name: file.name })} />
      <span class="message__state"><span>{words}</span><button type="button" class="link" onClick={() => chat.uploads.peek()?.stop(entry.id)}>{t('file.stop')}</button></span>
    </div>
  )
}
