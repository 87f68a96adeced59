// Where the outbox lies so that it survives a reload: IndexedDB, else localStorage, else only memory.
import type { Entry } from './outbox.ts'
import type { Store } from './memory.ts'

/** Keeps entries by id. Errors are not told: what cannot be kept is still sent by this tab. */
export interface Shelf {
  all(): Promise<Entry[]>
  put(entries: readonly Entry[]): Promise<void>
  drop(ids: readonly string[]): Promise<void>
}

const table = 'outbox'

/** A shelf in IndexedDB, or null where the browser has none or forbids it. */
export async function indexedShelf(factory: IDBFactory | undefined): Promise<Shelf | null> {
  if (!factory) return null
  let db: IDBDatabase
  try {
    const open = factory.open('tincan', 1)
    open.onupgradeneeded = () => open.result.createObjectStore(table, { keyPath: 'id' })
    db = await done(open)
  } catch {
    return null
  }
  const inside = async <T>(mode: IDBTransactionMode, work: (s: IDBObjectStore) => IDBRequest<T> | null, none: T): Promise<T> => {
    try {
      const tx = db.transaction(table, mode)
      const request = work(tx.objectStore(table))
      await new Promise<void>((ok, no) => {
        tx.oncomplete = () => ok()
        tx.onabort = tx.onerror = () => no(tx.error)
      })
      return request ? request.result : none
    } catch {
      return none
    }
  }
  return {
    all: async () => (await inside<unknown[]>('readonly', (s) => s.getAll(), [])).filter(isEntry),
    put: (entries) => inside('readwrite', (s) => (entries.forEach((e) => s.put(e)), null), undefined),
    drop: (ids) => inside('readwrite', (s) => (ids.forEach((id) => s.delete(id)), null), undefined),
  }
}

/** A shelf in localStorage or the like. */
export function plainShelf(store: Store): Shelf {
  const read = (): Entry[] => {
    try {
      const v: unknown = JSON.parse(store.getItem('tincan.outbox') ?? '[]')
      return Array.isArray(v) ? v.filter(isEntry) : []
    } catch {
      return []
    }
  }
  const write = (entries: Entry[]) => {
    try {
      store.setItem('tincan.outbox', JSON.stringify(entries))
    } catch {
      // Full: this tab still sends what it has.
    }
  }
  return {
    all: async () => read(),
    put: async (entries) => write([...read().filter((o) => !entries.some((e) => e.id === o.id)), ...entries]),
    drop: async (ids) => write(read().filter((o) => !ids.includes(o.id))),
  }
}

function done<T>(r: IDBRequest<T>): Promise<T> {
  return new Promise((ok, no) => {
    r.onsuccess = () => ok(r.result)
    r.onerror = () => no(r.error)
  })
}

function isEntry(v: unknown): v is Entry {
  const e = v as Partial<Entry> | null
  return typeof e?.id === 'string' && typeof e.text === 'string' && typeof e.from === 'string' && typeof e.at === 'number' && typeof e.to === 'object' && e.to !== null
}
