// The shelf in IndexedDB, which tabs share.
import { isKept, type Kept, most, type Shelf, type Table, tables, type Trouble } from './shelf.ts'

const name = 'tincan'
const version = 1
const patience = 2000 // milliseconds for the database to open: another tab may hold an older one open, and Safari has hung here

/** Opens the shelf; null where the browser has no IndexedDB, forbids it, or does not open it in time. */
export async function indexedShelf(factory: IDBFactory | undefined, later: (ms: number, f: () => void) => () => void): Promise<Shelf | null> {
  const opened = factory && (await open(factory, later))
  if (!factory || !opened) return null
  let db: IDBDatabase | null = opened
  let gone = false // a newer page has taken the database over
  let tell = (_: Trouble | null) => {}
  const watch = (d: IDBDatabase) => {
    d.onversionchange = () => { // a newer page, in another tab: it cannot begin before this one lets go
      d.close()
      gone = true
      db = null
      tell('gone')
    }
    d.onclose = () => { db = null } // closed by the browser, as when its data are cleared
  }
  watch(opened)

  /** Does work in one transaction and gives its result when that is done; rejects when it could not be. */
  const inside = async <T>(table: Table | readonly Table[], mode: IDBTransactionMode, work: (tx: IDBTransaction, give: (v: T) => void) => void): Promise<T | undefined> => {
    if (gone) return undefined
    if (!db) {
      db = await open(factory, later)
      if (!db) throw new Error('the database does not open')
      watch(db)
    }
    const tx = db.transaction(table, mode)
    let value: T | undefined
    const over = new Promise<void>((ok, no) => {
      tx.oncomplete = () => ok()
      tx.onabort = () => no(tx.error)
    })
    work(tx, (v) => { value = v })
    await over
    return value
  }
  const reading = <T>(table: Table, ask: (s: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> =>
    inside<T>(table, 'readonly', (tx, give) => {
      const r = ask(tx.objectStore(table))
      r.onsuccess = () => give(r.result)
    }).catch(() => undefined)
  const put = (tx: IDBTransaction, table: Table, rows: readonly Kept[]): boolean => {
    const s = tx.objectStore(table)
    for (const r of rows) s.put(r)
    if (most[table] < Infinity) thin(s, most[table])
    return rows.length > 0
  }
  /** Writes; work tells whether it has kept something, which ends a trouble. When there is no space, the messages of rooms make some: they can be had again. */
  const writing = async (table: Table, work: (tx: IDBTransaction, kept: (v: boolean) => void) => void): Promise<void> => {
    try {
      if (await inside<boolean>(table, 'readwrite', work)) tell(null)
    } catch (e) {
      if (!isFull(e)) return
      try {
        await inside('logs', 'readwrite', (tx) => tx.objectStore('logs').clear())
        if (table === 'logs') return
        await inside<boolean>(table, 'readwrite', work)
        tell(null)
      } catch (again) {
        if (isFull(again)) tell('full')
      }
    }
  }
  return {
    keeps: 'all',
    get: (table, key) => reading<unknown>(table, (s) => s.get(key)),
    all: async (table) => ((await reading<unknown[]>(table, (s) => s.getAll())) ?? []).filter(isKept),
    put: async (table, rows) => { if (rows.length > 0) await writing(table, (tx, kept) => kept(put(tx, table, rows))) },
    drop: async (table, keys) => { if (keys.length > 0) await writing(table, (tx) => keys.forEach((k) => tx.objectStore(table).delete(k))) },
    change: async <T extends Kept>(table: Table, f: (rows: unknown[]) => readonly T[]) => {
      let rows: readonly T[] = []
      await writing(table, (tx, kept) => {
        const r = tx.objectStore(table).getAll()
        r.onsuccess = () => {
          rows = f(r.result.filter(isKept))
          kept(put(tx, table, rows))
        }
      })
      return rows
    },
    clear: async () => { await inside(tables, 'readwrite', (tx) => tables.forEach((t) => tx.objectStore(t).clear())).catch(() => {}) },
    onTrouble: (f) => { tell = f },
  }
}

function open(factory: IDBFactory, later: (ms: number, f: () => void) => () => void): Promise<IDBDatabase | null> {
  return new Promise((done) => {
    let late = false
    const end = later(patience, () => {
      late = true
      done(null)
    })
    const give = (db: IDBDatabase | null) => {
      end()
      if (late) db?.close()
      else done(db)
    }
    try {
      const r = factory.open(name, version)
      r.onupgradeneeded = () => { // also of a database that another build has left: what it lacks is made
        for (const t of tables) {
          if (!r.result.objectStoreNames.contains(t)) r.result.createObjectStore(t, { keyPath: 'key' }).createIndex('at', 'at')
        }
      }
      r.onsuccess = () => give(r.result)
      r.onerror = () => give(null)
    } catch {
      give(null)
    }
  })
}

/** Deletes the rows that changed longest ago, so that at most so many stay. */
function thin(s: IDBObjectStore, most: number): void {
  const count = s.count()
  count.onsuccess = () => {
    let over = count.result - most
    if (over <= 0) return
    const oldest = s.index('at').openCursor()
    oldest.onsuccess = () => {
      const c = oldest.result
      if (!c || over-- <= 0) return
      c.delete()
      c.continue()
    }
  }
}

function isFull(e: unknown): boolean {
  return e instanceof DOMException && e.name === 'QuotaExceededError'
}
