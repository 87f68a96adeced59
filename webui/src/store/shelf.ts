// What lasts beyond the tab: unsent messages, drafts, the newest messages of each room, how far was read. In IndexedDB, else in
// localStorage, else only in memory. Nothing here is ever in the way of the page: what cannot be kept is told once and goes on without.

export type Table = 'outbox' | 'drafts' | 'logs' | 'marks'

/** A row as it lies there: whoever reads it looks at each field, since another version of the page may have written it. */
export interface Kept {
  key: string
  at: number // milliseconds of the last change: the oldest rows go first when there are too many
}

/** How much lasts: all; not the messages of rooms; nothing beyond the tab. */
export type Keeps = 'all' | 'little' | 'nothing'

/** What became of a change. full: the browser gives this page no more space. gone: the shelf is closed for good, the page has to be loaded anew. */
export type Trouble = 'full' | 'gone'

export interface Shelf {
  readonly keeps: Keeps
  get(table: Table, key: string): Promise<unknown>
  all(table: Table): Promise<unknown[]>
  put(table: Table, rows: readonly Kept[]): Promise<void>
  drop(table: Table, keys: readonly string[]): Promise<void>
  /** Reads all rows and puts those that f returns, in one step: no other tab comes between. */
  change<T extends Kept>(table: Table, f: (rows: unknown[]) => readonly T[]): Promise<readonly T[]>
  /** Forgets everything. */
  clear(): Promise<void>
  /** Calls f with a trouble, and with null when what was to be kept is kept again. */
  onTrouble(f: (t: Trouble | null) => void): void
}

/** Rows kept of a table; unsent messages are never thrown away. */
export const most: Record<Table, number> = { outbox: Infinity, drafts: 100, logs: 60, marks: 500 }

export const tables = Object.keys(most) as Table[]

/** Whether a value has what every row has. */
export function isKept(v: unknown): v is Kept {
  const k = v as Partial<Kept> | null
  return typeof k?.key === 'string' && typeof k.at === 'number' && Number.isFinite(k.at)
}
