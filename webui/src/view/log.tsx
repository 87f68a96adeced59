import './log.css'
import { signal } from '@preact/signals'
import { Component, createRef } from 'preact'
import { t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import type { Conversation, Wish } from '../store/conversation.ts'
import { unread } from '../store/read.ts'
import type { MessageRow, Row } from '../store/rows.ts'
import { idle } from '../platform.ts'
import { Icon } from './icon.tsx'
import { aside, lazy, touched } from './lazy.tsx'
import { Line } from './row.tsx'

const Calls = aside(() => import('./calls.tsx'), 'Calls')
const Empty = aside(() => import('./empty.tsx'), 'Empty')
const Acts = lazy(() => import('./hands.ts'), 'Acts')

const margin = 40 // rows from an edge of the window at which it is moved
const lowest = 22 // pixels of a row
const usual = 36
const near = 64 // pixels from the end within which new messages are followed
const calm = 150 // milliseconds without a flood
const step = 4 // rows that are drawn at once
const few = 12 // rows that are no flood yet

/**
 * The messages of one conversation, a window of them at a time. The place of the reader is a row and its distance from the top; it is
 * kept whatever comes, goes or grows above it. Only who is at the end follows what is new.
 */
export class Log extends Component<{ chat: Chat, c: Conversation }> {
  readonly box = createRef<HTMLDivElement>()
  #list = createRef<HTMLDivElement>()
  #rows: readonly Row[] = []
  #most = 120 // rows in the document: enough for a tall screen, few enough to be drawn in a frame
  #from = 0
  #to = 0
  #firstKey = ''
  #lastKey = '' // of the last row that is seen
  #nextKey = '' // of the first row of the next screen
  #ahead = 0 // rows of it that are drawn
  #follow = true
  #above = 0 // rows above those that can be seen: none at first and in a flood, where they would be drawn for nothing
  #calming = 0
  #short = 0 // rows that the screen took beyond what is usual, or fewer
  #anchor: { key: string, offset: number, height: number } | null = null
  #wish: Wish | null = null
  #goal: Wish | null = null
  #height = innerHeight
  #top = -1 // of the scroll, when it was last looked at
  #tall = 0 // pixels of all that is drawn, when the reader's place was last held
  #focused = ''
  #stop: HTMLElement | null = null // where Tab stops
  #had = false // whether the focus was in here before something was drawn
  #finger: PointerEvent | null = null // what lies on the log now
  readonly #apart = signal(false) // whether the end is out of sight
  #observer: ResizeObserver | null = null

  override componentDidMount(): void {
    const box = this.box
    const list = this.#list
    if (!box.current || !list.current) return
    this.#measure(box.current)
    this.#observer = new ResizeObserver(() => this.#resized())
    this.#observer.observe(box.current)
    this.#observer.observe(list.current)
    this.#settle()
  }

  override componentDidUpdate(): void {
    this.#settle()
  }

  override componentWillUnmount(): void {
    this.#observer?.disconnect()
    clearTimeout(this.#calming)
  }

  override render({ chat, c }: { chat: Chat, c: Conversation }) {
    this.#had = this.box.current?.contains(document.activeElement) ?? false
    this.#noticeScroll()
    this.#rows = c.rows.value
    const wish = c.wish.value
    if (wish !== this.#wish) this.#wish = this.#goal = wish
    this.#choose()
    const where = 'room' in c.to ? `#${chat.places.called(c.to.room)}` : c.to.user
    const next = this.#index(this.#nextKey)
    const blank = this.#rows.every((r) => r.is === 'beginning' || r.is === 'older')
    return (
      <div class="logbox">
        <div
          class="scroll log" id="log" ref={this.box} role="log" aria-live="off" aria-label={t('room.log', { where })} tabIndex={-1}
          onScroll={this.#scrolled} onFocusIn={this.#focusMoved}
          onPointerDown={this.#laid} onPointerUp={this.#laid} onPointerCancel={this.#laid}
        >
          <div class="log__rows" ref={this.#list}>
            {blank
              ? c.start.value !== null ? <Empty chat={chat} c={c} /> : <div class="skeleton" aria-hidden="true"><i /><i /><i /></div>
              : [...this.#rows.slice(this.#from, this.#to), ...this.#rows.slice(next, next + this.#ahead)].map((row) => <Line key={row.key} row={row} chat={chat} c={c} />)}
          </div>
        </div>
        <Jump chat={chat} c={c} log={this} />
        {c.mentions.value.length > 0 && <Calls chat={chat} c={c} />}
        {touched.value && <Acts chat={chat} c={c} log={this} />}
      </div>
    )
  }

  /** Whether the end is out of sight. */
  get isApart(): boolean {
    return this.#apart.value
  }

  /** Goes to the newest message and takes the unread line away. */
  end = (): void => {
    const { chat, c } = this.props
    c.cut.value = null
    chat.reading.unpin(c)
    void chat.places.toEnd(c)
    this.box.current?.focus({ preventScroll: true })
  }

  /** Decides which rows are in the document. */
  #choose(): void {
    const n = this.#rows.length
    const most = this.#most
    const around = (i: number) => Math.max(0, Math.min(i - most / 2, n - most))
    const goal = this.#goal ? this.#goalIndex(this.#goal) : -1
    const ahead = this.#ahead
    let to = 0
    this.#ahead = 0
    if (goal >= 0) this.#from = around(goal)
    else if (this.#goal || this.#follow) {
      this.#follow = true
      to = this.#goal || this.#index(this.#firstKey) < 0 ? n : this.#reach(ahead)
      const first = this.#goal ? -1 : this.#index(this.#firstKey)
      const least = this.#fit + this.#above // the others are drawn when nothing has come for a moment
      const kept = to - first
      this.#from = first >= 0 && (this.#ahead > 0 || (kept >= Math.min(to, least) && kept <= least + (to < n ? step : margin))) ? first : Math.max(0, to - least) // a cut moves all rows: but in a flood, it grows before it is cut again
    } else {
      const first = this.#index(this.#firstKey)
      const here = this.#index(this.#anchor?.key)
      if (first >= 0) this.#from = first
      this.#to = Math.min(n, this.#from + most) // of these rows: the old ones may have been let go
      if (here >= 0 && this.#nearEdge(here)) this.#from = around(here)
      this.#from = Math.max(0, Math.min(this.#from, n - most))
    }
    this.#to = to ||= Math.min(n, this.#from + most)
    this.#firstKey = this.#rows[this.#from]?.key ?? ''
    this.#lastKey = this.#rows[to - 1]?.key ?? ''
  }

  /**
   * Up to where rows are seen when the reader is at the end. What has come is drawn at once as long as it is little. Of a flood the last
   * screen is drawn a part at a time, below what is seen, and takes its place when it is whole, in a turn of its own: what came between is
   * not drawn.
   */
  #reach(ahead: number): number {
    const n = this.#rows.length
    const seen = this.#index(this.#lastKey) + 1
    if (seen === 0 || n - seen <= step) return n
    if (this.#thin) return seen
    if (n - seen > few) {
      const above = this.#above
      this.#above = Math.max(0, above - 4 * step)
      if (above > step) return seen // what is above the screen goes first: with the screen, it would be too much for one task
    }
    let at = this.#index(this.#nextKey)
    if (ahead === 0 || at < 0) {
      at = Math.max(seen, n - this.#fit)
      this.#nextKey = this.#rows[at].key
    }
    const whole = ahead > 0 && this.#fills(this.#tall)
    if (at + ahead < n && !whole) {
      this.#ahead = ahead + Math.min(step, ahead + 1) // the first time takes the longest
      return seen
    }
    if (whole) this.#short += ahead - this.#fit
    if (at > seen) this.#firstKey = this.#nextKey
    return Math.min(n, at + ahead)
  }

  /** Whether there is more to be drawn above. */
  get #more(): boolean {
    return this.#from > 0 && this.#fit + this.#above < this.#most - margin
  }

  /** Whether what is drawn is too little. It measures, which lays the page out. */
  get #thin(): boolean {
    return this.#more && !this.#fills()
  }

  /** Whether what is drawn, from so many pixels on, is enough for the screen and for a scroll that leaves the end. */
  #fills(from = 0): boolean {
    return (this.box.current?.scrollHeight ?? 0) - from >= this.#height + 2 * near
  }

  #index(key: string | undefined): number {
    return this.#rows.findIndex((r) => r.key === key)
  }

  #draw = (): void => {
    if (this.box.current) this.forceUpdate()
  }

  /** Draws some more of what is above the screen. */
  #fill = (): void => {
    this.#above += step
    this.#draw()
  }

  /** Rows that fill the screen, most of the time. */
  get #fit(): number {
    return Math.max(step, Math.ceil(this.#height / usual) + 2 + this.#short)
  }

  #nearEdge(i: number): boolean {
    return (this.#from > 0 && i - this.#from < margin) || (this.#to < this.#rows.length && this.#to - i < this.#most - margin)
  }

  /** The row that a wish is for; -1: the end. */
  #goalIndex({ way, seq }: Wish): number {
    return way === 'end' ? -1 : this.#rows.findIndex((r) => way === 'cut' ? r.is === 'cut' : r.is === 'message' && r.m.seq >= seq)
  }

  /** After each change of the document, before it is drawn: the reader is where he or she was, or where the wish says. */
  #settle(): void {
    const box = this.box.current
    if (!box) return
    const goal = this.#goal
    if (goal) {
      this.#goal = null
      const row = this.#rows[this.#goalIndex(goal)]
      const el = row && this.#element(row.key)
      this.#follow = !el
      if (el) {
        box.scrollTop = el.offsetTop - box.clientHeight / (goal.way === 'cut' ? 4 : 3)
        if (goal.way === 'message') {
          el.focus({ preventScroll: true })
          el.classList.remove('message--found')
          void el.offsetWidth // starts the animation anew
          el.classList.add('message--found')
        }
        this.#follow = this.#atEnd()
        this.#remember()
      }
    }
    if (this.#ahead === 0) {
      this.#hold(true)
      this.#rove()
      this.#look()
    }
    clearTimeout(this.#calming)
    const behind = this.#follow && this.#to < this.#rows.length // goes on when this has been drawn
    if (this.#ahead === 0 && this.#thin) {
      this.#short += step
      this.forceUpdate()
    } else if (behind || this.#more) this.#calming = window.setTimeout(behind ? this.#draw : idle, behind ? 16 : calm, this.#fill)
  }

  /**
   * Puts the reader's place where it was. drawn: rows were drawn anew, so that of a row which the top cuts the lower edge stays: its
   * author may have gone to an older row. Else it may have been opened by a click, and shows more below.
   */
  #hold(drawn = false): void {
    const box = this.box.current
    if (!box || this.#ahead > 0) return
    this.#tall = box.scrollHeight
    if (this.#follow) {
      box.scrollTop = this.#tall
      this.#remember()
      return
    }
    const el = this.#anchor && this.#element(this.#anchor.key)
    if (!el || !this.#anchor) return
    const grown = drawn && this.#anchor.offset < 0 ? el.offsetHeight - this.#anchor.height : 0
    this.#anchor.offset -= grown
    this.#anchor.height = el.offsetHeight
    const moved = el.offsetTop - box.scrollTop - this.#anchor.offset
    if (moved !== 0) box.scrollTop += moved
    this.#top = box.scrollTop
  }

  /** Takes down the topmost message in sight and how far below the top it is. */
  #remember(): void {
    const box = this.box.current
    const list = this.#list.current
    if (!box || !list) return
    const children = list.children as HTMLCollectionOf<HTMLElement>
    let low = 0
    let high = children.length - 1
    while (low < high) { // rows lie one below the other
      const mid = (low + high) >> 1
      if (children[mid].offsetTop + children[mid].offsetHeight > box.scrollTop) high = mid
      else low = mid + 1
    }
    let el: Element | null = children[low] ?? null
    while (el && !(el as HTMLElement).dataset.seq && el.nextElementSibling) el = el.nextElementSibling
    const row = el as HTMLElement | null
    this.#top = box.scrollTop
    this.#anchor = row?.dataset.key ? { key: row.dataset.key, offset: row.offsetTop - box.scrollTop, height: row.offsetHeight } : null
    this.props.c.anchor = this.#follow ? Infinity : Number(row?.dataset.seq ?? Infinity)
  }

  /** The reader may have scrolled and the event not have come yet: what is drawn now must not take that back. */
  #noticeScroll(): boolean {
    const box = this.box.current
    if (!box || box.scrollTop === this.#top) return false
    this.#follow = this.#atEnd()
    this.#remember()
    return true
  }

  #scrolled = (): void => {
    const moved = this.#noticeScroll() // else it was scrolled here, and looked at
    const here = this.#index(this.#anchor?.key)
    if (!this.#follow && here >= 0 && this.#nearEdge(here)) this.forceUpdate()
    else if (moved) this.#look()
  }

  /** The window or a row changed its size: who is at the end stays there, else the bottom edge stays when the window shrinks. */
  #resized(): void {
    const box = this.box.current
    if (!box) return
    const shrunk = this.#height - box.clientHeight
    if (shrunk === 0 && (this.#ahead > 0 || box.scrollHeight === this.#tall)) return // it is what was drawn, and in its place
    this.#measure(box)
    if (shrunk === 0) {
      const by = box.scrollTop - this.#top // scrolled in this frame, and the event has not come yet
      if (this.#anchor && by !== 0 && !this.#follow) this.#anchor.offset -= by
      else this.#noticeScroll()
      this.#hold()
      if (by !== 0) {
        this.#follow = this.#atEnd()
        this.#remember()
      }
    } else if (this.#follow) this.#hold()
    else {
      box.scrollTop += shrunk
      this.#remember()
    }
    this.#look()
  }

  #measure(box: HTMLElement): void {
    this.#height = box.clientHeight
    this.#most = Math.min(240, Math.max(120, Math.ceil(this.#height / lowest) + 2 * margin))
  }

  /** Whether the reader is at the end. Who follows is, at the end of what is seen: in a flood that is not the end of all. */
  #atEnd(): boolean {
    const box = this.box.current
    if (!box) return true
    const end = this.#follow ? Math.min(this.#tall, box.scrollHeight) : this.#ends ? box.scrollHeight : Infinity
    return end - box.scrollTop - box.clientHeight <= near
  }

  #element(key: string): HTMLElement | null {
    for (const el of this.#list.current?.children ?? []) if ((el as HTMLElement).dataset.key === key) return el as HTMLElement
    return null
  }

  /** Loads what comes near and tells what has been seen. */
  #look(): void {
    const { chat, c } = this.props
    const box = this.box.current
    const list = this.#list.current
    if (!box || !list) return
    const reach = box.clientHeight * 1.5
    if (this.#from === 0 && this.#rows[0]?.is === 'older' && box.scrollTop < reach && !c.failed.peek().has('older')) chat.places.older(c)
    for (const gap of list.querySelectorAll<HTMLElement>('[data-after]')) {
      const below = gap.offsetTop - box.scrollTop
      if (below < -reach || below > box.clientHeight + reach || c.failed.peek().has(gap.dataset.key ?? '')) continue
      chat.places.fill(c, Number(gap.dataset.after), Number(gap.dataset.before), below < box.clientHeight / 2 ? 'below' : 'above')
    }
    this.#apart.value = !this.#follow
    const bottom = box.scrollTop + box.clientHeight + 2
    let el = list.lastElementChild as HTMLElement | null
    while (el && (!el.dataset.seq || el.offsetTop + el.offsetHeight > bottom)) el = el.previousElementSibling as HTMLElement | null
    const newest = c.log.peek().at(-1)?.seq ?? 0
    const seq = this.#follow && newest === c.last.peek() ? newest : Number(el?.dataset.seq ?? 0)
    if (seq > 0) chat.reading.saw(c, seq)
  }

  /** One stop for Tab: the message that had the focus, else the newest. If the one with the focus has gone, the log itself has it. */
  #rove(): void {
    const box = this.box.current
    if (this.#had && !box?.contains(document.activeElement)) box?.focus({ preventScroll: true })
    const target = (this.#focused === '' ? null : this.#element(this.#focused)) ?? this.#messages().at(-1) ?? null
    if (target === this.#stop) return
    if (this.#stop) this.#stop.tabIndex = -1
    if (target) target.tabIndex = 0
    this.#stop = target
  }

  #messages(): HTMLElement[] {
    return [...(this.#list.current?.getElementsByClassName('message') ?? [])] as HTMLElement[]
  }

  /** Whether the newest message is in the document. */
  get #ends(): boolean {
    return this.#to >= this.#rows.length && this.#rows.at(-1)?.is !== 'gap'
  }

  /** The messages in the document, and what is not among them: the seq of the oldest that is held (0: it is), the newest. */
  get drawn(): { messages: HTMLElement[], oldest: number, ends: boolean } {
    const first = this.#rows.find((r) => r.is === 'message')
    return { messages: this.#messages(), oldest: this.#from > 0 ? first?.m.seq ?? 0 : 0, ends: this.#ends }
  }

  #laid = (e: PointerEvent): void => {
    this.#finger = e.type === 'pointerdown' ? e : null
  }

  /** What lies on the log: it may have been laid there before what answers it was loaded. */
  get finger(): PointerEvent | null {
    return this.#finger
  }

  #focusMoved = (e: FocusEvent): void => {
    touched.value = true // a key may be next
    const row = (e.target as HTMLElement).closest<HTMLElement>('.message')
    if (!row) return
    this.#focused = row.dataset.key ?? ''
    this.#rove()
  }

  /** The message that an element is of. */
  rowOf(el: Element): MessageRow | null {
    const key = el.closest<HTMLElement>('.message')?.dataset.key
    const row = this.#rows[this.#index(key)]
    return row?.is === 'message' || row?.is === 'mine' ? row : null
  }
}

/** The way back to the newest message, with how many have come. */
function Jump({ chat, c, log }: { chat: Chat, c: Conversation, log: Log }) {
  if (!log.isApart) return null
  const n = unread(chat.reading.marks.value, c.key, c.last.value)
  return <button type="button" class="jump" onClick={log.end}><Icon name="down" />{t('room.jump', { n })}</button>
}
